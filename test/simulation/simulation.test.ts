import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { crashTest } from '../../src/crash-test/crash-test.js';
import { simulatedPlayers } from '../../src/simulation/players.js';
import type { Plan } from '../../src/simulation/trouble.js';
import { type Simulator, startSimulators } from '../../src/simulation/pool.js';
import { simulate } from '../../src/simulation/simulate.js';
import { createScheduleCount } from '../../src/simulation/schedules.js';

const releases: (() => Promise<unknown>)[] = [];
let simulator: Simulator;
let another: Simulator;

beforeAll(() => {
  [simulator, another] = startSimulators((release) => releases.push(release), 2) as [Simulator, Simulator];
});
afterAll(async () => {
  for (const release of releases.reverse()) await release();
});

const minute = 60_000;
const withoutRule = (rule: string) => ({
  ...{ module: pathToFileURL(join(__dirname, '../crash/without.ts')).href, rule },
});

describe('chaos', () => {
  it.each(['openai-api-key', 'sftp-private-key', 'document-engine-jwt', 'document-engine-secret-key-base'])(
    'is the same for the same seed, event by event, in another process and after other cases: %s',
    async (procedure) => {
      const asked = { procedure, seed: 'again', profile: 'passing', lines: true } as const;
      const first = await simulator.ask('chaos', asked);
      await another.ask('chaos', { procedure: 'openai-api-key', seed: 'before', profile: 'passing' });

      const again = await another.ask('chaos', asked);

      expect(again.lines).toEqual(first.lines);
      expect(again.hash).toBe(first.hash);
      expect(again.events).toBeGreaterThan(300);
    },
    2 * minute,
  );

  it('is another for another seed', async () => {
    const asked = { procedure: 'openai-api-key', profile: 'passing' } as const;
    const [one, other] = [
      await simulator.ask('chaos', { ...asked, seed: '1' }),
      await simulator.ask('chaos', { ...asked, seed: '2' }),
    ];

    expect(one.hash).not.toBe(other.hash);
    expect(one.order).not.toBe(other.order);
  });

  it.each([
    ...['openai-api-key', 'azure-document-intelligence-key', 'aws-s3-access-keys', 'sftp-private-key'],
    ...['nextcloud-app-password', 'paperless-api-token'],
  ])(
    'leaves nothing lost and nothing dark that passes by itself: %s',
    async (procedure) => {
      for (const seed of ['c-1', 'c-2', 'c-3']) {
        const verdict = await simulator.ask('chaos', { procedure, seed, profile: 'passing' });

        expect(verdict).toMatchObject({ seed, problems: [], lostSecrets: 0, outages: 0 });
        expect(verdict.struck).not.toEqual([]);
      }
    },
    2 * minute,
  );
});

describe('beside the rotation', () => {
  const calm = { graceMs: 150, giveUpAfterMs: 600_000, answerMs: 0, doubleDecisions: false };

  it('an emergency without Temporal takes over, and what it takes over asks nobody anything', async () => {
    const troubles = [{ kind: 'direct-command', layer: 'answer', place: 9, ms: 0 }] as const;
    const asked = { procedure: 'document-engine-secret-key-base', seed: 't-2244', profile: 'all' } as const;

    const verdict = await simulator.ask('chaos', { ...asked, plan: { troubles, ...calm }, lines: true });

    expect(verdict.problems).toEqual([]);
    expect(verdict.lines?.filter((line) => line.includes('a person is asked'))).toEqual([]);
    expect(verdict.outcome).toBe('replaced');
  });

  it.each([
    ['of its own, which it calls off', 'emergency', 14],
    ['of the rotation that it takes over without Temporal', 'direct-command', 15],
  ] as const)('an emergency replaces nothing before a change has arrived: one %s', async (_, kind, place) => {
    const troubles = [
      { kind, layer: 'fence', place, ms: 0 },
      { kind: 'slow', layer: 'request', place: 0, follows: true, ms: 800 },
    ] as const;
    const asked = { procedure: 'document-engine-jwt', seed: 'q-1', profile: 'all' } as const;

    const verdict = await simulator.ask('chaos', { ...asked, plan: { troubles, ...calm, workers: 2 } });

    expect(verdict.struck[1]).toBe('slow for 800 ms at request POST /api/secrets/jwt/rotate');
    expect(verdict).toMatchObject({ problems: [], outcome: 'replaced' });
  });

  it('an emergency replaces a value whose delivery was frozen, which then delivers it no more', async () => {
    const troubles = [{ kind: 'overtaken', layer: 'any', place: 206, ms: 8_000 }] as const;
    const asked = { procedure: 'document-engine-jwt', seed: 'a-915', profile: 'all', lines: true } as const;

    const verdict = await simulator.ask('chaos', { ...asked, plan: { troubles, ...calm } });

    const late = verdict.lines?.filter((line) => line.includes('nobody waits for it')) ?? [];
    expect(late.join()).toContain('delivery.deliver #1');
    expect(verdict.problems).toEqual([]);
  });

  it('a person puts a value back that is dead by then: the rotation asks, and nobody else left the engine dark', async () => {
    const troubles = [{ kind: 'edit-back', layer: 'fence', place: 10, ms: 0 }] as const;
    const asked = { procedure: 'paperless-api-token', seed: 'h-124', profile: 'all', lines: true } as const;

    const verdict = await simulator.ask('chaos', { ...asked, plan: { troubles, ...calm } });

    expect(verdict.struck).toEqual(['edit-back at entry docuelevate.settingsAreOurs']);
    expect(verdict.lines?.join('\n')).toContain('was last changed by a person');
    expect(verdict).toMatchObject({ problems: [], outages: 0 });
  });

  it('somebody ends the old key while half of the new pair is written: the rotation asks, and nobody else left the engine dark', async () => {
    const troubles = [{ kind: 'old-dies', layer: 'fence', place: 26, ms: 0 }] as const;
    const plan: Plan = { ...calm, troubles };

    const { problems, struck, outcome } = await simulator.ask('chaos', {
      ...{ procedure: 'aws-s3-access-keys', seed: 'h-14592', profile: 'all', plan },
    });

    expect(struck).toEqual(['old-dies at request POST /api/settings/aws_secret_access_key']);
    expect({ problems, outcome }).toEqual({ problems: [], outcome: 'abandoned' });
  });

  it('no worker starts anew unseen while an emergency interrupts a document', async () => {
    const troubles = [
      { kind: 'emergency', layer: 'answer', place: 14, ms: 0 },
      { kind: 'kill', layer: 'request', place: 3, ms: 0 },
      { kind: 'worker-on-environment', layer: 'write', place: 40, ms: 0 },
    ] as const;
    const asked = { procedure: 'nextcloud-app-password', seed: 'h-211', profile: 'all', lines: true } as const;

    const verdict = await simulator.ask('chaos', { ...asked, plan: { troubles, ...calm } });

    expect(verdict.struck).toHaveLength(3);
    expect(verdict).toMatchObject({ problems: [], falseProofs: 0 });
  });

  it('a person who ends a value of Document Engine puts another one in its place, and the rotation says so', async () => {
    const troubles = [{ kind: 'old-dies', layer: 'request', place: 8, ms: 0 }] as const;
    const asked = { procedure: 'document-engine-dashboard-password', seed: 'sense-552', profile: 'all' } as const;

    const verdict = await simulator.ask('chaos', { ...asked, plan: { troubles, ...calm }, lines: true });

    expect(verdict.lines?.join('\n')).toContain('was changed since Keyturn last made one current');
    expect(verdict.problems).toEqual([]);
  });

  it('a second emergency leaves in a slot what the containment of the first one put there', async () => {
    const troubles = [
      { kind: 'overtaken', layer: 'write', place: 8, ms: 30 },
      { kind: 'overtaken', layer: 'write', place: 4, ms: 300 },
      { kind: 'store-away', layer: 'write', place: 13, ms: 50_000 },
    ] as const;
    const asked = { procedure: 'azure-document-intelligence-key', seed: 'sense-352', profile: 'all' } as const;

    const verdict = await simulator.ask('chaos', {
      ...asked,
      plan: { troubles, ...calm, giveUpAfterMs: 3_000, workers: 2 },
    });

    expect(verdict.struck).toHaveLength(3);
    expect(verdict).toMatchObject({ problems: [], outcome: 'replaced' });
  });

  it('what falls due meanwhile is left out, and what falls due afterwards rotates once more', async () => {
    const asked = { procedure: 'openai-api-key', seed: 'due', profile: 'all', lines: true } as const;
    const due = (ms: number) => [{ kind: 'schedule', layer: 'write', place: 2, ms }] as const;

    const meanwhile = await simulator.ask('chaos', { ...asked, plan: { troubles: due(30), ...calm } });
    const afterwards = await simulator.ask('chaos', { ...asked, plan: { troubles: due(50_000), ...calm } });

    const ends = (of: typeof meanwhile) => of.lines?.filter((line) => / completes: /.test(line)).join('\n');
    expect(ends(meanwhile)).toMatch(/schedule.*"skipped"[^]*"retired","version":2/);
    expect(ends(afterwards)).toMatch(/"retired","version":2[^]*schedule.*"begun"[^]*"retired","version":3/);
    expect([...meanwhile.problems, ...afterwards.problems]).toEqual([]);
  });

  it('a containment stands beside a rotation that does not answer, and one of the two does it', async () => {
    const troubles = [
      { kind: 'freeze', layer: 'answer', place: 4, ms: 50_000 },
      { kind: 'emergency-command', layer: 'answer', place: 4, ms: 0 },
    ] as const;
    const asked = { procedure: 'openai-api-key', seed: 'beside', profile: 'all', lines: true } as const;

    const verdict = await simulator.ask('chaos', { ...asked, plan: { troubles, ...calm } });

    expect(verdict.problems).toEqual([]);
    const ends = verdict.lines?.filter((line) => line.includes(' completes: ')) ?? [];
    expect(ends.filter((line) => line.includes('containment'))).toHaveLength(1);
    expect(ends.filter((line) => line.includes('"outcome":"replaced"'))).toHaveLength(1);
  });
});

describe('a safety rule that is taken out', () => {
  const patient = { graceMs: 7_200_000, giveUpAfterMs: 600_000, answerMs: 0, doubleDecisions: false };
  const quick = { ...patient, graceMs: 150 };
  const cases: readonly { rule: string; procedure?: string; says: string; plan: Plan }[] = [
    {
      ...{ rule: 'the fence', says: 'the engine holds nothing that works' },
      plan: { troubles: [{ kind: 'overtaken', layer: 'feeding', place: 3, ms: 25_000 }], ...quick },
    },
    {
      ...{ rule: 'a way back that is proved', says: 'Keyturn left the engine without a working value' },
      plan: { troubles: [{ kind: 'old-dies', layer: 'request', place: 9, ms: 0 }], ...quick },
    },
    {
      ...{ rule: 'what a roll back took back is refused', says: 'works and nothing lists it' },
      plan: {
        troubles: [
          { kind: 'refusal', layer: 'request', place: 7, ms: 0 },
          { kind: 'false-deletion', layer: 'request', place: 0, follows: true, ms: 0 },
        ],
        ...quick,
      },
    },
    {
      ...{ rule: 'the newest attempt opens the rotation', says: 'still has its rotation open' },
      plan: { troubles: [{ kind: 'freeze', layer: 'opening', place: 0, ms: 25_000 }], ...quick },
    },
    {
      ...{ rule: 'the newest attempt seizes the credential', says: 'still has its rotation open' },
      plan: {
        troubles: [
          { kind: 'emergency', layer: 'any', place: 200, ms: 0 },
          { kind: 'freeze', layer: 'opening', place: 0, follows: true, ms: 50_000 },
        ],
        ...quick,
      },
    },
    {
      ...{ rule: 'what was seen is not dated anew', says: '"accepted" was proved and was not so' },
      plan: { troubles: [{ kind: 'freeze', layer: 'finding', place: 0, ms: 25_000 }], ...quick },
    },
    {
      ...{ rule: 'a delivery looks in one breath with the rename', procedure: 'document-engine-jwt' },
      says: 'the engine holds nothing that works',
      plan: { troubles: [{ kind: 'overtaken', layer: 'file', place: 1, ms: 25_000 }], ...quick },
    },
    {
      ...{ rule: 'a roll back makes way for an emergency', says: 'an emergency waits for an answer' },
      plan: {
        troubles: [
          { kind: 'refusal', layer: 'feeding', place: 3, ms: 0 },
          { kind: 'refusal', layer: 'request', place: 0, follows: true, ms: 0 },
          { kind: 'overtaken', layer: 'any', place: 3, follows: true, ms: 800 },
        ],
        ...{ ...quick, workers: 2 },
      },
    },
    {
      ...{ rule: 'a store that is away ends no rotation', says: 'it failed' },
      plan: { troubles: [{ kind: 'store-away', layer: 'opening', place: 0, ms: 50_000 }], ...quick },
    },
    {
      ...{ rule: 'a decision answers one question', says: 'which nobody was asked' },
      plan: {
        troubles: [{ kind: 'edit-back', layer: 'any', place: 330, ms: 0 }],
        ...{ ...quick, doubleDecisions: true },
      },
    },
  ];

  it.each(cases)(
    'is what makes it hold: $rule',
    async ({ rule, procedure = 'openai-api-key', plan, says }) => {
      const shown: string[] = [];
      for (let number = 0; number < 12 && !shown.some((problem) => problem.includes(says)); number++) {
        const asked = { procedure, seed: `rule-${number}`, profile: 'all', plan } as const;
        expect((await simulator.ask('chaos', asked)).problems).toEqual([]);
        shown.push(...(await simulator.ask('chaos', { ...asked, without: withoutRule(rule) })).problems);
      }

      expect(shown.join('\n')).toContain(says);
    },
    2 * minute,
  );

  it(
    'shows, and the plan is made smaller until one trouble is left',
    async () => {
      const troubles = [
        { kind: 'slow', layer: 'request', place: 2, ms: 300 },
        { kind: 'kill', layer: 'answer', place: 6, ms: 300 }, // OpenAI has made the key
        { kind: 'clock-ahead', layer: 'any', place: 200, ms: 300 },
      ] as const;
      const rest = { graceMs: 20_000, giveUpAfterMs: 600_000, answerMs: 0, doubleDecisions: false };
      const asked = {
        procedure: 'openai-api-key',
        seed: 'shrink',
        profile: 'all',
        plan: { troubles, ...rest },
      } as const;

      const held = await simulator.ask('chaos', asked);
      const verdict = await simulator.ask('chaos', {
        ...{ ...asked, without: withoutRule('an intent before the call'), shrink: true },
      });

      expect(held.problems).toEqual([]);
      expect(verdict.problems.join()).toContain('is lost');
      expect(verdict.plan.troubles.map(({ kind }) => kind)).toEqual(['kill']);
      expect(verdict.plan.graceMs).toBe(150);
    },
    2 * minute,
  );
});

it(
  'counts a case that cannot be played as failed, and plays the next one',
  async () => {
    const procedures = ['nowhere', 'sftp-private-key'];
    const options = { profile: 'passing', jobs: 1, shrink: false, lines: false, onVerdict: () => undefined } as const;

    const report = await simulate({ ...options, cases: 2, from: 0, seed: 'unplayed', procedures });

    expect(report).toMatchObject({ cases: 2, passed: 1, failed: 1, byProcedure: { nowhere: { failed: 1 } } });
    expect(Object.keys(report.problems).join()).toContain('it was not played');
  },
  minute,
);

describe('the crash matrix in simulated time', () => {
  it(
    'plays a sample, reports it as ever, and counts its schedules',
    async () => {
      const schedules = createScheduleCount();
      const seen: string[] = [];

      const report = schedules.tell(
        await crashTest({
          ...{ procedure: 'document-engine-dashboard-password', sample: 6, seed: 'sample', jobs: 2 },
          players: simulatedPlayers({ seed: 'sample', replay: true, onVerdict: (verdict) => schedules.add(verdict) }),
          onLine: () => undefined,
          onVerdict: ({ id, problems }) => void seen.push(...problems.map((problem) => `${id}: ${problem}`)),
        }),
      );

      expect(seen).toEqual([]);
      expect(report).toMatchObject({ cases: 6, passed: 6, failed: 0, lostSecrets: 0, falseProofs: 0 });
      expect(report.schedules).toBeGreaterThan(3);
      expect(report.byProcedure['document-engine-dashboard-password']?.schedules).toBe(report.schedules);
    },
    2 * minute,
  );

  it('does not count a case whose fault did not happen, or an order that it knows', () => {
    const count = createScheduleCount();
    const played = { procedure: 'p', missed: false };
    for (const verdict of [
      { ...played, order: 'a' },
      { ...played, order: 'a' },
      { ...played, order: 'b', missed: true },
    ])
      count.add(verdict);
    const none = { lostSecrets: 0, wrongDeletions: 0, falseProofs: 0, consumerFailures: 0, unlistedOrphans: 0 };
    const tally = { cases: 3, passed: 3, failed: 0, ...none };

    expect(count.tell({ ...tally, byProcedure: { p: tally }, notRun: {}, failures: [] }).schedules).toBe(1);
  });
});
