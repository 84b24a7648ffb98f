import { goThrough } from '../../src/crash-test/somebody.js';
import type { Fixture } from '../../src/crash-test/fixture.js';
import { startFixture } from '../../src/crash-test/fixtures/index.js';
import type { OpenAiLab } from '../../src/lab/openai/server.js';
import { rehearse, type TestRehearsal } from '../support/rehearsal.js';

const rotations = 50;

// A key that OpenAI accepts for the list of models and for nothing else: every probe of ours passes, and no document does.
describe.each(['openai-api-key', 'openai-api-key:postgresql'])('a key that the engine may not use, on %s', (id) => {
  let fixture: Fixture;
  let rehearsal: TestRehearsal;

  beforeAll(async () => {
    fixture = await startFixture(id);
    rehearsal = await rehearse(fixture.scenario);
  }, 60_000);
  afterAll(() => rehearsal?.stop());

  it(`is never proved and takes no other's place, ${rotations} times in a row`, async () => {
    const { scenario, documents } = fixture;
    if (!documents) throw new Error('documents go through this engine');
    const [old] = scenario.working();
    (scenario.systems['openai'] as OpenAiLab).restrictNewKeys(true);

    const outcomes: string[] = [];
    for (let round = 1; round <= rotations; round += 1) {
      await goThrough(documents); // somebody's: the next document may get its id, and its lines
      const { outcome } = await rehearsal.report(await rehearsal.begin({ giveUpAfterMs: 0 }));
      outcomes.push(outcome);
    }

    expect(outcomes).toEqual(Array<string>(rotations).fill('rolled-back'));
    expect(await falselyProved(fixture, rehearsal)).toEqual([]);
    expect(scenario.working()).toContain(old);
    expect([scenario.engineHolds(), await scenario.consume()]).toEqual([old, true]);
  }, 600_000);
});

/** Documents that were called proved although OpenAI answered nothing about them with the key of that version. */
async function falselyProved(
  { documents, scenario }: Fixture,
  { session: { store } }: TestRehearsal,
): Promise<string[]> {
  const wrong: string[] = [];
  for (const version of await store.versions(scenario.credential)) {
    if (version.parts.length === 0) continue;
    const values = Object.values(await store.unseal(version));
    for (const { kind, outcome, detail } of await store.evidence(version)) {
      if (kind !== 'document' || outcome !== 'proved') continue;
      const [, reference = 'no document'] = /keyturn-test-([0-9a-f]{32})/.exec(detail) ?? [];
      if (!documents?.taken(reference).some(({ value }) => values.includes(value))) wrong.push(detail);
    }
  }
  return wrong;
}
