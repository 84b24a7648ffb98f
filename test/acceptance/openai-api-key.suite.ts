import type { Progress, RotationReport } from '../../src/domain/rotation.js';
import { catalog } from '../../workflows/catalog.js';
import { progress } from '../../workflows/rotation/messages.js';
import { until } from '../support/temporal.js';
import { rehearse, type TestRehearsal } from '../support/rehearsal.js';
import { type Fixture, startFixture } from './fixture.js';
import { readStaging, rotationsOf } from './staging.js';
import { decided } from '../support/decided.js';

const staging = readStaging(process.env);
const rotations = rotationsOf(process.env);
const rotationMs = 180_000; // uploads are limited to 20 a minute, fewer on a busy machine

const title = 'openai-api-key on a running DocuElevate';
if (typeof staging === 'object' && 'why' in staging)
  describe.skip(`${title}: skipped, because these are ${staging.why}`, () => {
    it('is played on an instance that somebody names', () => undefined);
  });
else describe(title, () => play(staging));

describe('other procedures on a running DocuElevate', () => {
  for (const { id, engine, provider } of catalog)
    if (engine === 'docuelevate' && provider !== 'openai')
      it.skip(`${id}: skipped, because nothing stands in for ${provider} beside a running instance yet`, () =>
        undefined);
});

function play(named: Parameters<typeof startFixture>[0]): void {
  let fixture: Fixture;
  let rehearsal: TestRehearsal;
  beforeAll(async () => {
    fixture = await startFixture(named);
    rehearsal = await rehearse(fixture.scenario);
  }, 300_000);
  afterAll(() => rehearsal?.stop(), 300_000);
  afterEach(() => {
    fixture.openai.restrictNewKeys(false);
    fixture.openai.faults.clear();
  });

  const rotate = async (
    policy: { giveUpAfterMs?: number } = {},
  ): Promise<RotationReport & { falselyProved: string[] }> => {
    const handle = await rehearsal.begin({ giveUpAfterMs: 60_000, ...policy });
    const report = await rehearsal.report(handle);
    return { ...report, falselyProved: fixture.falselyProved(await handle.query(progress)) };
  };
  const refusals = (): number =>
    fixture.openai.requests.filter(({ path, status }) => isUse(path) && status !== 200).length;

  const [itWithRedis, why] = whatRedisTakes(named);
  itWithRedis(
    `after Redis was emptied during the grace nothing is retired on old evidence${why}`,
    async () => {
      // The first rotation of all: what it retires is what the worker's environment holds.
      const handle = await rehearsal.begin({ graceMs: fixture.restartMs, giveUpAfterMs: 60_000 });
      const look = (): Promise<Progress> => handle.query(progress);
      await until(async () => (await look()).waiting?.for === 'grace');

      await fixture.emptyRedis?.();

      const { waiting, outcome } = await until(async () => {
        const seen = await look();
        return (seen.outcome !== null || seen.waiting?.for === 'operator') && seen;
      });
      const falselyProved = fixture.falselyProved(await look());
      const through = await fixture.use();
      if (waiting) {
        const decision = waiting.choices.includes('roll-back') ? 'roll-back' : 'abandon';
        await decided(rehearsal.session.store, handle, { actor: 'test', decision, reason: 'it was a test' });
        await rehearsal.report(handle);
      }
      expect(`${outcome ?? waiting?.why}, and documents ${through ? 'go through' : 'fail'}`).toMatch(/go through$/);
      expect(falselyProved).toEqual([]);
      if (outcome === 'retired') expect(fixture.scenario.working()).toEqual([fixture.scenario.engineHolds()]);
    },
    rotationMs,
  );

  it(
    'a rotation ends as retired with every use accepted and the old key refused',
    async () => {
      const [old] = fixture.scenario.working();
      const before = refusals();
      let rotating = true;
      const someone = (async () => {
        const answers: boolean[] = [];
        while (rotating) {
          answers.push(await fixture.use());
          await pause(fixture.paceMs);
        }
        return answers;
      })();

      const report = await rotate().finally(() => (rotating = false));

      expect(await someone).not.toContain(false);
      expect(report).toMatchObject({ outcome: 'retired', oldCredential: 'refused', falselyProved: [] });
      expect(fixture.scenario.working()).not.toContain(old);
      expect(refusals()).toBe(before);
    },
    rotationMs,
  );

  it(
    `${rotations} in a row leave one working key, the one that the next document goes through with`,
    async () => {
      for (let round = 1; round <= rotations; round += 1)
        expect(await rotate()).toMatchObject({ outcome: 'retired', oldCredential: 'refused', falselyProved: [] });

      expect(await fixture.use()).toBe(true);
      expect(fixture.scenario.working()).toEqual([fixture.scenario.engineHolds()]);
    },
    rotations * rotationMs,
  );

  it(
    `a key that the engine may not use is never proved, ${rotations} times`,
    async () => {
      const outcomes: string[] = [];
      for (let round = 1; round <= rotations; round += 1) {
        fixture.openai.restrictNewKeys(false); // also the key of a false proof, so that each round begins with one that is of use
        expect(await fixture.use()).toBe(true);
        const [old = ''] = fixture.scenario.working();
        fixture.openai.restrictNewKeys(true);

        const { outcome, falselyProved } = await rotate({ giveUpAfterMs: 0 });

        const lives = fixture.openai.works(old) && (await fixture.use());
        outcomes.push(
          `${outcome}, ${falselyProved.length} falsely proved, and documents ${lives ? 'go through' : 'fail'}`,
        );
      }
      expect(outcomes).toEqual(
        Array<string>(rotations).fill('rolled-back, 0 falsely proved, and documents go through'),
      );
    },
    rotations * rotationMs,
  );

  it(
    "a document of somebody's that failed does not count against a key that works",
    async () => {
      fixture.openai.faults.add({ method: 'POST', path: '/v1/chat/completions', kind: { status: 401 } });
      expect(await fixture.use()).toBe(false);

      expect(await rotate()).toMatchObject({ outcome: 'retired', oldCredential: 'refused', falselyProved: [] });
    },
    rotationMs,
  );

  it(
    'every test document that stays in DocuElevate is named at the end',
    async () => {
      const before = await fixture.instance.documents('keyturn-test-');

      const { orphans } = await rotate();

      const stays = (await fixture.instance.documents('keyturn-test-')).filter((name) => !before.includes(name));
      expect(stays.filter((name) => !orphans.join('\n').includes(name))).toEqual([]);
    },
    rotationMs,
  );
}

function whatRedisTakes(named: Parameters<typeof startFixture>[0]): [typeof it.skip, string] {
  if (named === 'lab') return [it, ''];
  const { emptyRedis, environmentKey } = named;
  if (emptyRedis !== undefined && environmentKey !== undefined) return [it, ''];
  return [
    it.skip,
    ': skipped, because these are not set: KEYTURN_DOCUELEVATE_EMPTY_REDIS (a program that empties Redis and starts the worker again) and ' +
      "KEYTURN_DOCUELEVATE_OPENAI_KEY_FILE (a file with the made-up OpenAI key of the instance's environment)",
  ];
}

function isUse(path: string): boolean {
  return ['/v1/chat/completions', '/v1/embeddings'].includes(path);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
