import { ApplicationFailure } from '@temporalio/common';
import fc from 'fast-check';
import { isLive, type VersionRef, versionStates } from '../../src/domain/version.js';
import type { Intent } from '../../src/store/records.js';
import { adopted, type Bench, claims, openai, writer, randomValue, request, startBench } from '../store/fixtures.js';

const acts = [
  'open',
  'intend',
  'keep',
  'keep late',
  'promote',
  'demote',
  'discard',
  'retire',
  'close',
  'seize',
  'write stale',
] as const;
type Act = (typeof acts)[number];

/** What somebody who takes part remembers. */
interface Memory {
  refs: VersionRef[];
  intents: { readonly ref: VersionRef; readonly intent: Intent }[];
  runs: number;
}

async function perform({ store }: Bench, memory: Memory, act: Act): Promise<void> {
  const ref = memory.refs.at(-1);
  const run = () => ({ ...writer, runId: `run-${++memory.runs}` });
  if (act === 'open') memory.refs.push((await store.open(openai, claims, request, run())).next);
  if (act === 'seize') memory.refs.push((await store.seize(openai, request, run())).opened.next);
  if (!ref) return;
  if (act === 'intend') memory.intents.push({ ref, intent: await store.intend(ref) });
  const attempt = act === 'keep' ? memory.intents.at(-1) : act === 'keep late' ? memory.intents.at(0) : undefined;
  if (attempt)
    await store.keep(attempt.ref, attempt.intent, { providerId: 'service_account/1', parts: { key: randomValue() } });
  if (act === 'promote') await store.promote(ref);
  if (act === 'demote') await store.demote(ref);
  if (act === 'discard') await store.move(ref, 'discarding');
  if (act === 'close') await store.close(ref, 'abandoned', null);
  if (act === 'write stale') await store.note(memory.refs[0] ?? ref, { engine: 'yes' });
  if (act !== 'retire') return;
  for (const { number, state } of await store.versions())
    if (state === 'retiring') await store.move({ ...ref, number }, 'retired', 'proved');
}

/** Refusals are what the store is for; anything else is a bug. */
async function attempted(work: Promise<void>): Promise<'done' | 'refused'> {
  try {
    await work;
    return 'done';
  } catch (error) {
    if (!(error instanceof ApplicationFailure)) throw error;
    return 'refused';
  }
}

it('keeps one version in force, forgets no value, and lets nobody with an old fence write, whatever comes in which order', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.constantFrom(...acts), { minLength: 5, maxLength: 40 }), async (sequence) => {
      const bench = await startBench();
      try {
        const { store } = bench;
        await store.adopt(adopted({ key: randomValue() }));
        const memory: Memory = { refs: [], intents: [], runs: 0 };
        let before = await store.versions();
        for (const act of sequence) {
          const open = (await store.rotations()).find(({ closedAt }) => closedAt === null);
          const outcome = await attempted(perform(bench, memory, act));
          const after = await store.versions();

          const inForce = after.filter(({ state }) => state === 'current');
          expect(inForce.length).toBeLessThanOrEqual(1);
          for (const version of before) {
            const now = after.find(({ number }) => number === version.number);
            expect(versionStates).toContain(now?.state);
            if (!isLive(version.state)) expect(now?.state).toBe(version.state);
            if (version.fingerprint !== null) expect(now?.fingerprint).toBe(version.fingerprint);
            if (version.compromised && version.state !== 'current') expect(now?.state).not.toBe('current');
          }
          if (act === 'write stale' && memory.refs[0] && open?.fence !== memory.refs[0].fence)
            expect(outcome).toBe('refused');
          if (outcome === 'refused') expect(after).toEqual(before);
          before = after;
        }
        expect(await store.verifyLedger()).toMatchObject({ brokenAt: null, statesFit: true });
      } finally {
        await bench.close();
      }
    }),
    { numRuns: 40 },
  );
}, 60_000);
