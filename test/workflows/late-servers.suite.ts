import { fastClock } from '../../src/lab/clock.js';
import type { OpenAiLab } from '../../src/lab/openai/server.js';
import type { Scenario } from '../../src/lab/scenario.js';
import { startOpenAiApiKey } from '../../src/lab/scenarios/openai-api-key.js';
import { rehearse, type TestRehearsal } from '../support/rehearsal.js';

let scenario: Scenario;
let rehearsal: TestRehearsal;

beforeAll(async () => {
  // Every third connection meets a server that learns of a deletion 1.5 seconds late, by our clock.
  const started = await startOpenAiApiKey({ clock: fastClock(1000), lingeringMs: 1_500_000, lateEvery: 3 });
  const { openai } = started.config.credentials;
  const provider = { ...(openai as { provider: object }).provider, settling: '1 second' };
  scenario = { ...started, config: { ...started.config, credentials: { openai: { ...openai, provider } } } };
  rehearsal = await rehearse(scenario);
});
afterAll(() => rehearsal.stop());

it('says that the old key is refused only when no server lets it in any more', async () => {
  const openai = scenario.systems['openai'] as OpenAiLab;
  const { key = '' } = scenario.adopted;

  const report = await rehearsal.report(await rehearsal.begin());

  expect(report).toMatchObject({ outcome: 'retired', oldCredential: 'refused' });
  expect(openai.works(key)).toBe(false);
  expect(openai.keys().filter(({ deleted }) => !deleted)).toHaveLength(1);
});
