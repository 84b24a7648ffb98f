import type { DocumentEngineLab } from '../../src/lab/document-engine/server.js';
import { createPlayground, type Playground } from '../../src/lab/playground.js';
import { startDocumentEngineJwt } from '../../src/lab/scenarios/document-engine-jwt.js';
import type { Scenario } from '../../src/lab/scenario.js';
import { paintFor } from '../../src/cli/terminal/paint.js';
import { statusText } from '../../src/cli/rotate/status-text.js';
import { adopt } from '../../src/operations/setup/adopt.js';
import { type Check, check } from '../../src/operations/setup/check.js';
import { openSession, type Session } from '../../src/operations/session/session.js';
import { statusOf } from '../../src/operations/rotate/status.js';

let scenario: Scenario;
let playground: Playground;
let session: Session;

beforeEach(async () => {
  scenario = await startDocumentEngineJwt();
  playground = await createPlayground(scenario, { grace: '0 seconds' });
  session = await openSession({ file: playground.file, create: true });
});
afterEach(async () => {
  await session.close();
  await playground.remove();
  await scenario.stop();
});

const engine = (): DocumentEngineLab => scenario.systems['document-engine'] as DocumentEngineLab;
const adoptIt = () =>
  adopt(session, { credential: 'viewer-jwt', parts: scenario.adopted, soleUser: true, actor: 'test' });

async function look(options: { deep?: boolean; rotateToItself?: boolean } = {}): Promise<Check[]> {
  const found: Check[] = [];
  for await (const each of check({ file: playground.file, credentials: ['viewer-jwt'], ...options })) found.push(each);
  return found.filter(({ what }) => what.includes('deep'));
}
const text = async (): Promise<string> =>
  statusText(await statusOf(session, null), paintFor(process.stderr)).join('\n');

it('looks deeper only when it is asked to', async () => {
  await adoptIt();

  expect(await look()).toEqual([]);
  expect(await text()).not.toContain('PATCH');
  expect(engine().requests.filter(({ method }) => method === 'PATCH')).toEqual([]);
});

it('shows with the status what was found, and when another release answers', async () => {
  await adoptIt();

  const found = await look({ deep: true, rotateToItself: true });

  expect(found.filter(({ ok }) => !ok)).toEqual([]);
  expect(found.at(-1)).toMatchObject({ what: 'viewer-jwt: deep, trial' });
  expect(await text()).toMatch(
    /engine 1\.18\.1, seen \S+: expiries by PATCH.*rotate drops; shown by POST \/api\/build/,
  );
  expect(await text()).not.toContain('another release');

  engine().behavior.server = 'Document Engine/1.19.0';
  await look();

  expect(await text()).toContain('the engine runs another release now');
});

it('looks also before anything is adopted, where there is nothing to rotate', async () => {
  const found = await look({ deep: true, rotateToItself: true });

  expect(found.filter(({ ok }) => !ok)).toEqual([]);
  expect(found.find(({ what }) => what.endsWith('rotate'))?.detail).toContain('nothing is adopted');
  expect(engine().secrets('jwt')).toHaveLength(1);
});
