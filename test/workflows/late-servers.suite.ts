import { fastClock } from '../../src/lab/clock.js';
import type { Scenario } from '../../src/lab/scenario.js';
import { startAwsS3AccessKeys } from '../../src/lab/scenarios/aws-s3-access-keys.js';
import { startAzureDocumentIntelligenceKey } from '../../src/lab/scenarios/azure-document-intelligence-key.js';
import { startOpenAiApiKey } from '../../src/lab/scenarios/openai-api-key.js';
import { rehearse, type TestRehearsal } from '../support/rehearsal.js';

/** Some connections meet a server that learns of an end 1.5 seconds late, by our clock: one in more than a round has, and in fewer than five. */
const late = { clock: fastClock(1000), deletionLagMs: 1_500_000, lateEvery: 7 };

describe.each<[string, string, () => Promise<Scenario>]>([
  ['openai', 'refuses', () => startOpenAiApiKey(late)],
  ['aws', 'refuses', () => startAwsS3AccessKeys({ ...late, lateEvery: 13 })],
  ['azure', 'refusesKey', () => startAzureDocumentIntelligenceKey(late)],
])('with servers of %s that learn late of an end', (provider, refuses, start) => {
  let scenario: Scenario;
  let rehearsal: TestRehearsal;
  /** At the moment when the old key is said to be refused. */
  const workedStill: boolean[] = [];

  beforeAll(async () => {
    scenario = withPropagation(await start(), '1 second');
    const { key, secret = key } = scenario.adopted;
    rehearsal = await rehearse(scenario, (activities) => ({
      ...activities,
      async [`${provider}.${refuses}`](...args) {
        const finding = await activities[`${provider}.${refuses}`]?.(...args);
        workedStill.push(scenario.working().includes(secret ?? ''));
        return finding;
      },
    }));
  });
  afterAll(() => rehearsal.stop());

  it('says that the old key is refused only when no server lets it in any more', async () => {
    const report = await rehearsal.report(await rehearsal.begin());

    expect(report).toMatchObject({ outcome: 'retired', oldCredential: 'refused' });
    expect(workedStill).toEqual([false]);
    expect(scenario.working()).toContain(scenario.engineHolds());
  });
});

function withPropagation(scenario: Scenario, propagation: string): Scenario {
  const { config, credential } = scenario;
  const configured = config.credentials[credential] as { readonly provider: object };
  const changed = { ...configured, provider: { ...configured.provider, propagation } };
  return { ...scenario, config: { ...config, credentials: { ...config.credentials, [credential]: changed } } };
}
