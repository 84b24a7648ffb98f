import type { Begun, RotationInput } from '../../src/domain/rotation.js';
import { planRotation } from '../../src/operations/rotate/plan.js';
import { rotateDocumentEngineJwt, rotateOpenAiApiKey } from '../../workflows/index.js';

const version = (number: number) => ({ credential: 'viewer-jwt', number, fence: 1 });
const dayMs = 86_400_000;

function input(): RotationInput {
  return {
    credential: 'viewer-jwt',
    request: { actor: 'ada', trigger: 'manual', reason: 'a plan' },
    timing: { heartbeatMs: 1000 },
  };
}
const opened = (current: number | null, graceMs = 0): Begun => ({
  policy: { graceMs, giveUpAfterMs: 0 },
  fence: 1,
  current: current === null ? null : version(current),
  next: version((current ?? 0) + 1),
  unconfirmed: false,
});

it('does not begin where the engine would lose a value that nobody has adopted', async () => {
  await expect(planRotation(rotateDocumentEngineJwt, input(), opened(null))).rejects.toThrow('nothing was adopted');
  await expect(planRotation(rotateOpenAiApiKey, input(), opened(null))).resolves.not.toEqual([]);
});

it('renews both values every week while it waits', async () => {
  const plan = await planRotation(rotateDocumentEngineJwt, input(), opened(1, 20 * dayMs));

  const grace = plan.filter(({ phase }) => phase === 'grace');
  expect(grace.map((entry) => ('waitMs' in entry ? entry.waitMs / dayMs : entry.activity))).toEqual([
    7,
    'document-engine.addSecret',
    'document-engine.addSecret',
    7,
    'document-engine.addSecret',
    'document-engine.addSecret',
    6,
  ]);
});

it('makes the new value current as the first thing that cannot be taken back', async () => {
  const plan = await planRotation(rotateDocumentEngineJwt, input(), opened(1));

  const first = plan.find((entry) => 'activity' in entry && entry.pastNoReturn);
  expect(first).toMatchObject({ activity: 'document-engine.makeCurrent', phase: 'retire' });
});
