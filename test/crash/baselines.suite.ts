import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { casesOf } from '../../src/crash-test/cases.js';
import { startJobs } from '../../src/crash-test/crash-test.js';
import { recordBoundaries } from '../../src/crash-test/record.js';
import { runCase } from '../../src/crash-test/run-case.js';
import { withCleanup } from '../../src/lab/with-cleanup.js';

interface UploadGap {
  readonly failed: number;
  readonly lostSecrets: number;
  readonly outages: number;
}

/** Keyturn's steps at the moments at which the two scripts are killed. */
const same = [
  'openai.create/kill-entry',
  'openai.create/kill-answer-change-0',
  'openai.create/kill-write-1', // the answer has arrived and is not stored
  'openai.create/kill-end',
  'docuelevate.writeSettings/kill-end',
  'openai.remove/kill-entry',
  'openai.remove/kill-end',
];

it('loses nothing where a plain script and a job that stores afterwards do', async () => {
  const args = [
    '--no-warnings',
    '--import',
    join(__dirname, '../temporal/from-source.ts'),
    join(__dirname, 'baselines/main.ts'),
  ];
  const baselines = JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' })) as Record<string, UploadGap>;
  const ours = await withCleanup(async (defer) => {
    const [job] = await startJobs(1, () => undefined, defer);
    if (!job) throw new Error('no job was started');
    const all = casesOf('openai-api-key', await recordBoundaries(job, 'openai-api-key', 'planned'));
    const chosen = all.filter(
      ({ id, boundary }) => boundary.phase !== 'confirm' && same.some((part) => id.endsWith(part)),
    );
    expect(chosen).toHaveLength(same.length);
    const verdicts = [];
    for (const crash of chosen) verdicts.push(await runCase(job, crash));
    return verdicts;
  });

  expect(baselines['guideScript']).toMatchObject({ lostSecrets: 3, outages: 0 });
  expect(baselines['storeAfterwards']).toMatchObject({ lostSecrets: 1, outages: 2 });
  for (const verdict of ours) expect(verdict).toMatchObject({ problems: [], lostSecrets: 0, consumerFailures: 0 });
}, 300_000);
