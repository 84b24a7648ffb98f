import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { fixtures } from '../../src/crash-test/fixtures/index.js';
import { companies } from '../../src/crash-test/fixtures/companies.js';
import { calm } from '../../src/simulation/plans.js';
import { type Simulator, startSimulators } from '../../src/simulation/pool.js';
import { among, simplerAmong } from '../../src/simulation/several.js';
import { turnOf } from '../../src/simulation/simulate.js';
import type { Plan } from '../../src/simulation/trouble.js';

const releases: (() => Promise<unknown>)[] = [];
let simulator: Simulator;

beforeAll(() => {
  [simulator] = startSimulators((release) => releases.push(release), 1) as [Simulator];
});
afterAll(async () => {
  for (const release of releases.reverse()) await release();
});

const minute = 60_000;
const withoutRule = (rule: string) => ({
  ...{ module: pathToFileURL(join(__dirname, 'without-several.ts')).href, rule },
});
const sharedProject = 'openai-api-key+openai-api-key';
const sharedEngine = 'openai-api-key+aws-s3-access-keys';

describe('several credentials at once', () => {
  it.each(companies)(
    'are rotated beside one another, whatever happens: %s',
    async (procedure) => {
      const struck: string[] = [];
      for (const seed of ['w-1', 'w-2', 'w-3']) {
        const verdict = await simulator.ask('chaos', { procedure, seed, profile: 'all' });

        expect(verdict).toMatchObject({ seed, problems: [], lostSecrets: 0, wrongDeletions: 0, falseProofs: 0 });
        struck.push(...verdict.struck);
        expect(verdict.outcome.split('+')).toHaveLength(procedure.split('+').length);
      }
      expect(struck).not.toEqual([]);
    },
    2 * minute,
  );

  it('are the same for the same seed', async () => {
    const asked = { procedure: sharedEngine, seed: 'again', profile: 'all', lines: true } as const;

    const [first, again] = [await simulator.ask('chaos', asked), await simulator.ask('chaos', asked)];

    expect(again.lines).toEqual(first.lines);
    expect(again.hash).toBe(first.hash);
  });

  it('may leak one by one: the other is rotated as ever', async () => {
    const troubles = [{ kind: 'emergency', layer: 'write', place: 20, ms: 0, subject: 1 }] as const;
    const plan: Plan = { ...calm, troubles, apart: { ms: 300, due: false } };

    const verdict = await simulator.ask('chaos', { procedure: sharedEngine, seed: 'leak', profile: 'all', plan });

    expect(verdict).toMatchObject({ problems: [], outcome: 'retired+replaced' });
  });

  it('may change behind a rotation that is in its grace: it waits for a use as long as one may show, and asks', async () => {
    const troubles = [{ kind: 'edit-back', layer: 'write', place: 34, ms: 0, subject: 0 }] as const; // as the other one is verified
    const plan: Plan = { ...calm, troubles, graceMs: 7_200_000, apart: { ms: 20_000, due: false } };
    const asked = { procedure: sharedProject, seed: 'd-427', profile: 'all', plan, lines: true } as const;

    const verdict = await simulator.ask('chaos', asked);

    expect(verdict.problems).toEqual([]);
    expect(verdict.lines?.join('\n')).toContain('a person is asked "OpenAI saw the key in use');
    expect(verdict.virtualMs).toBeGreaterThan(24 * 3_600_000);
  });

  it('are not changed by hand while one of them has no answer from Document Engine: nothing would show it', async () => {
    const troubles = [
      { kind: 'rate-limit', layer: 'write', place: 38, ms: 0, subject: 2 },
      { kind: 'old-dies', layer: 'write', place: 81, ms: 2_500, subject: 0 },
    ] as const;
    const plan: Plan = { ...calm, graceMs: 20_000, troubles, workers: 2, apart: { ms: 0, due: false } };
    const procedure = 'document-engine-dashboard-password+document-engine-secret-key-base+document-engine-jwt';
    const asked = { procedure, seed: 'h-5499', profile: 'all', plan, lines: true } as const;

    const { problems, lines = [] } = await simulator.ask('chaos', asked);

    const changes = / document-engine\.(?:makeCurrent|expireSecret|dropSpare) #\d+ /;
    const before = lines.slice(
      0,
      lines.findIndex((line) => line.endsWith('trouble: old-dies')),
    );
    const begun = before.filter((line) => changes.test(line) && line.includes('begins')).length;
    expect(begun).toBeGreaterThan(0);
    expect(before.filter((line) => changes.test(line) && line.includes('ends'))).toHaveLength(begun);
    expect(problems).toEqual([]);
  });

  it('wait for their turn where they fall due, until the one before them is in its grace', async () => {
    const plan: Plan = { ...calm, graceMs: 7_200_000, apart: { ms: 300, due: true } };
    const asked = { procedure: sharedEngine, seed: 'due', profile: 'all', plan, lines: true } as const;

    const verdict = await simulator.ask('chaos', asked);
    const hasty = await simulator.ask('chaos', { ...asked, without: withoutRule('what falls due waits for its turn') });

    expect(verdict).toMatchObject({ problems: [], outcome: 'retired+retired' });
    const waited = verdict.lines?.filter((line) => line.includes('schedules.mayBegin #1 begins')) ?? [];
    expect(waited.length).toBeGreaterThan(1);
    expect(hasty.problems).toEqual(['s3 began before its turn, beside openai']);
  });
});

describe('what keeps credentials of one account apart', () => {
  it('shows when it is missing: one rotation ends the value of the other one', async () => {
    const plan: Plan = { ...calm, apart: { ms: 1_500, due: false } };
    const asked = { procedure: sharedProject, seed: 'apart', profile: 'all', plan } as const;

    const held = await simulator.ask('chaos', asked);
    const verdict = await simulator.ask('chaos', {
      ...{ ...asked, without: withoutRule('a rotation ends values of its own alone') },
    });

    expect(held.problems).toEqual([]);
    expect(verdict.problems.join('\n')).toMatch(/was ended for openai\n(?:[^]*\n)?Keyturn left the engine without/);
  });

  it(
    'shows when it is missing for attempts that were lost, where no use of an engine is disturbed',
    async () => {
      const rule = withoutRule('a rotation knows the attempts of its own alone');
      const shown: string[] = [];
      for (let number = 0; number < 40 && shown.length === 0; number++) {
        const asked = { procedure: sharedProject, seed: `s-${number}`, profile: 'all' } as const;
        const { problems } = await simulator.ask('chaos', { ...asked, without: rule });
        if (problems.length === 0) continue;
        expect((await simulator.ask('chaos', asked)).problems).toEqual([]);
        shown.push(...problems);
      }

      expect(shown.join('\n')).toMatch(/was ended for (?:openai|archive)/);
    },
    4 * minute,
  );
});

describe('a plan for several credentials', () => {
  const plan: Plan = { ...calm, troubles: [{ kind: 'emergency', layer: 'any', place: 1, ms: 0 }] };

  it('says of each trouble whose it is; for one credential it is the plan as it was', () => {
    const drawn = Array.from({ length: 50 }, (_, seed) => among(plan, String(seed), 3));

    expect(new Set(drawn.flatMap(({ troubles }) => troubles.map(({ subject }) => subject)))).toEqual(
      new Set([0, 1, 2]),
    );
    expect(new Set(drawn.map(({ apart }) => apart?.due))).toEqual(new Set([true, false]));
    expect(among(plan, '1', 1)).toBe(plan);
  });

  it('becomes simpler until all begin at once', () => {
    let left: Plan = among(plan, '1', 2);
    for (let next = simplerAmong(left).next(); !next.done; next = simplerAmong(left).next()) left = next.value;

    expect(left).toEqual(calm);
  });
});

it('plays every procedure in turn, and one company after each round', () => {
  const alone = Object.keys(fixtures).length;
  const turns = Array.from({ length: 8 * (alone + 1) }, (_, number) => turnOf(number));

  expect(new Set(turns)).toEqual(new Set([...turns.slice(0, alone), ...companies]));
  expect(turns.filter((id) => companies.includes(id))).toHaveLength(8);
});
