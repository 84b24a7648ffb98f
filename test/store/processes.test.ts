import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type Bench, claims, openai, writer, randomValue, request, adopted, startBench } from './fixtures.js';

// Node runs TypeScript as it is; only the `.js` of its imports has to be read as `.ts`.
const resolver = `import { registerHooks } from 'node:module';
registerHooks({ resolve: (name, context, next) => {
  if (!name.startsWith('.') || context.parentURL?.includes('node_modules')) return next(name, context);
  return next(name.replace(/\\.js$/, '.ts'), context);
} });`;

describe('Two processes on one database', () => {
  let bench: Bench;

  beforeEach(async () => {
    bench = await startBench();
  });

  afterEach(() => bench.close());

  function startRacer(act: 'record' | 'open', runId: string, { times = 1, database = bench.file } = {}) {
    const args = [join(bench.folder, 'ring.json'), database, act, runId, String(times)];
    const loader = `data:text/javascript,${encodeURIComponent(resolver)}`;
    return spawn(process.execPath, ['--no-warnings', '--import', loader, join(__dirname, 'racer.ts'), ...args]);
  }

  /** Lets the processes go at the same moment, once all are ready, and collects what each says. */
  async function race(racers: readonly ChildProcessWithoutNullStreams[]): Promise<string[]> {
    const lines = racers.map((racer) => createInterface(racer.stdout)[Symbol.asyncIterator]());
    const troubles = racers.map(async (racer) => (await racer.stderr.toArray()).join(''));
    for (const line of lines) expect((await line.next()).value ?? (await troubles[0])).toBe('ready');
    const ends = racers.map((racer) => once(racer, 'exit'));

    for (const racer of racers) racer.stdin.write('go\n');

    await Promise.all(ends);
    expect((await Promise.all(troubles)).join('')).toBe('');
    const rest: string[] = [];
    for (const line of lines) for await (const text of line) rest.push(text);
    return rest.sort();
  }

  it('gives a rotation to exactly one of them', async () => {
    const said = await race(['a', 'b', 'c'].map((runId) => startRacer('open', runId)));

    expect(said).toEqual(['NeedsDecision', 'NeedsDecision', 'fence 1']);
    expect(await bench.store.rotations()).toHaveLength(1);
    expect(await bench.store.versions()).toHaveLength(1);
  });

  it('keeps one unbroken ledger', async () => {
    await race(['a', 'b'].map((runId) => startRacer('record', runId, { times: 100 })));

    const rows = await bench.store.ledger();

    expect(rows).toHaveLength(200);
    expect(new Set(rows.map(({ runId }) => runId))).toEqual(new Set(['a', 'b']));
    expect(await bench.store.verifyLedger()).toMatchObject({ entries: 200, brokenAt: null });
  });

  it('makes the database once when both start on none', async () => {
    const database = join(bench.folder, 'new.db');

    const said = await race(['a', 'b'].map((runId) => startRacer('open', runId, { database })));

    expect(said).toEqual(['NeedsDecision', 'fence 1']);
  });
});

describe('Two stores on one database', () => {
  it('see what the other did, and one rotation at a time', async () => {
    const bench = await startBench();
    const other = await bench.another();
    const value = randomValue();
    const ref = await bench.store.adopt(adopted({ key: value }));

    const { next } = await other.open(openai, claims, request, writer);

    expect(await other.unseal(ref)).toEqual({ key: value });
    await bench.store.fence(next, writer);
    await expect(
      bench.store.open(openai, claims, request, { workflowId: 'rotation/openai', runId: 'run-2' }),
    ).rejects.toMatchObject({ type: 'NeedsDecision' });
    await other.close(next, 'abandoned', null);
    await expect(bench.store.fence(next, writer)).rejects.toMatchObject({ type: 'FenceLost' });
    await bench.close();
  });
});
