import { readdirSync, readFileSync } from 'node:fs';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { bundlePath } from '../../workers/bundle.js';
import { catalog } from '../../workflows/catalog.js';
import { ways } from './ways.js';

const folder = new URL('./', import.meta.url);
const recordings = readdirSync(folder).filter((file) => file.endsWith('.json'));

beforeAll(() => {
  Runtime.install({ logger: new DefaultLogger('ERROR'), shutdownSignals: [] });
});

it('has a recorded rotation of every procedure and of every way through one, and one of everything that a schedule starts', () => {
  // A parked rotation has another recording, of the run before it was parked.
  const recorded = new Set(recordings.map((file) => file.split('.')[0]?.replace(/-before$/, '')));
  const started = ['scheduled-rotation', 'verify-in-force'];
  expect([...recorded].sort()).toEqual([...catalog.map(({ id }) => id), ...Object.keys(ways), ...started].sort());
});

it.each(recordings)('replays %s: a rotation of that day would go on under the code of today', async (file) => {
  const history: unknown = JSON.parse(readFileSync(new URL(file, folder), 'utf8'));

  await Worker.runReplayHistory({ workflowBundle: { codePath: bundlePath } }, history);
});

it('notices when the code no longer does what a recording says', async () => {
  const text = readFileSync(new URL(recordings[0]!, folder), 'utf8').replaceAll('versions.promote', 'versions.somethingElse');
  const history: unknown = JSON.parse(text);

  await expect(Worker.runReplayHistory({ workflowBundle: { codePath: bundlePath } }, history)).rejects.toThrow(/[Nn]ondeterminism/);
});
