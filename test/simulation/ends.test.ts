import type { RotationOutcome, RotationReport } from '../../src/domain/rotation.js';
import { Ends } from '../../src/simulation/ends.js';
import type { Execution } from '../../src/simulation/execution.js';
import type { RotationRow } from '../../src/store/records.js';

const report = (version: number, outcome: RotationOutcome): RotationReport => ({
  ...{ version, outcome, oldCredential: null, why: `why ${version}`, orphans: [] },
});
const row = (version: number, { seized = false } = {}): RotationRow => ({
  ...{ credential: 'c', fence: version, workflowId: 'w', runId: 'r', version, seized, outcome: null, why: null },
  ...{ request: { actor: 'a', trigger: 'manual', reason: 'r' }, openedAt: version, closedAt: version, graceMs: null },
});

/** The ends of workflows in order, as they are told. */
async function heard(...reports: readonly RotationReport[]): Promise<Ends> {
  const ends = new Ends();
  for (const each of reports) {
    const result = Promise.withResolvers<unknown>();
    ends.hear({ type: 'rotate', workflowId: 'w', status: 'COMPLETED', result } as unknown as Execution);
    result.resolve(each);
    await result.promise;
  }
  return ends;
}
const calm = { emergency: false, gaveUp: new Set<number>() };

describe('a rotation that was given up', () => {
  it('is excused where a person said so, and no other is', async () => {
    const ends = await heard(report(2, 'abandoned'), report(3, 'abandoned'));

    const rows = [row(3), row(2)];

    expect(ends.wrong({ ...calm, rows, gaveUp: new Set([2, 3]) })).toEqual([]);
    expect(ends.wrong({ ...calm, rows, gaveUp: new Set([2]) })).toEqual(['it gave up, and nobody told it to: why 3']);
  });

  it('is excused where nobody could be asked, and no later one is', async () => {
    const ends = await heard(report(4, 'abandoned'));
    ends.add(report(3, 'abandoned'));

    const rows = [row(4), row(3, { seized: true })];

    expect(ends.wrong({ ...calm, rows, emergency: true })).toEqual(['it gave up, and nobody told it to: why 4']);
  });

  it('does not decide how a later one ended', async () => {
    const ends = await heard(report(2, 'abandoned'), report(3, 'retired'));

    expect(ends.last({ rows: [row(3), row(2)] })).toMatchObject({ version: 3, outcome: 'retired' });
  });
});

describe('the newest rotation', () => {
  it('decides, whoever was heard of last', async () => {
    const ends = await heard(report(3, 'replaced'), report(2, 'failed'));

    expect(ends.last({ rows: [row(3, { seized: true }), row(2)] })).toMatchObject({ outcome: 'replaced' });
  });

  it('is missed when it says nothing', async () => {
    const ends = await heard(report(2, 'retired'));

    expect(ends.wrong({ ...calm, rows: [row(3), row(2)] })).toEqual(['the newest rotation did not say how it ended']);
  });
});

it('is no answer to an emergency that another rotation was given up', async () => {
  const ends = await heard(report(2, 'abandoned'));

  expect(ends.wrong({ rows: [row(2)], gaveUp: new Set([2]), emergency: true })).toEqual([
    'there was an emergency, and it ended as abandoned',
  ]);
});
