// A process of its own for processes.test.ts. Arguments: key ring, database, what to do, run id, how often.
import { ApplicationFailure } from '@temporalio/common';
import { StoreBusy } from '../../src/store/failures.js';
import { loadKeyRing } from '../../src/store/key-ring.js';
import { openStore } from '../../src/store/open-store.js';
import { claims, openai, request } from './fixtures.js';

const [file = '', database = '', act, runId = '', times = '1'] = process.argv.slice(2);
const ring = await loadKeyRing({ file });
process.stdout.write('ready\n');
await new Promise((resolve) => process.stdin.once('data', resolve));

const store = await patiently(() => openStore({ url: `sqlite:${database}`, ring, create: true }));
for (let time = 0; time < Number(times); time++) {
  if (act === 'record') await patiently(() => store.record({ event: 'started', runId, attempt: time }));
  else process.stdout.write(`${await open()}\n`);
}
await store.destroy();
process.exit();

async function open(): Promise<string> {
  try {
    const opened = await patiently(() =>
      store.open(openai, claims, request, { workflowId: `rotation/${runId}`, runId }),
    );
    return `fence ${opened.fence}`;
  } catch (error) {
    return error instanceof ApplicationFailure ? String(error.type) : String(error);
  }
}

/** As an activity does: a busy database is worth another try. */
async function patiently<R>(work: () => Promise<R>): Promise<R> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof StoreBusy)) throw error;
    }
  }
}
