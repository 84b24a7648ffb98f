import { CancelledFailure } from '@temporalio/common';
import { testDocument } from '../../../activities/docuelevate/test-document.js';
import type { Finding } from '../../../src/domain/evidence.js';
import type { VersionRef } from '../../../src/domain/version.js';
import { type Bench, failureOf, startBench } from '../bench.js';
import { count, type DocuElevateStage, startDocuElevateStage } from './stage.js';

const expected = 'extract_metadata_with_gpt';

let bench: Bench;
let stage: DocuElevateStage;
let version: VersionRef;
let key: string;

async function begin(options: Parameters<typeof startDocuElevateStage>[1] = {}): Promise<void> {
  bench = await startBench();
  stage = await startDocuElevateStage(bench, options);
  version = (await bench.rotate()).next;
  key = stage.workingKey();
  stage.lab.editSetting('openai_api_key', key, 'somebody');
}
async function end(): Promise<void> {
  await stage.stop();
  await bench.close();
}
beforeEach(() => begin());
afterEach(end);

function process(scope: { key?: string; signal?: AbortSignal } = {}): Promise<Finding> {
  return bench.attempt(() => stage.docuelevate.processTestDocument({ version, expect: expected }), scope);
}
const asked = (): number => count(stage.openAi, 'POST', '/v1/chat/completions');

it('shows that a document gets through, and leaves nothing behind', async () => {
  const finding = await process();

  expect(finding).toMatchObject({ kind: 'document', outcome: 'proved' });
  expect(finding.detail).toMatch(/^extract_metadata_with_gpt: success \(keyturn-test-[0-9a-f]{32}\.pdf\)$/);
  expect(await bench.store.evidence(version)).toMatchObject([{ kind: 'document', outcome: 'proved' }]);
  expect(stage.lab.files()).toEqual([]);
  expect(asked()).toBe(1);
});

it('fails when the engine cannot use the value, and shows nothing of it', async () => {
  const dead = stage.workingKey();
  stage.lab.editSetting('openai_api_key', dead, 'somebody');
  stage.openAi.killKey(stage.openAi.keys().find(({ value }) => value === dead)?.id ?? '');

  const finding = await process();

  expect(finding).toMatchObject({ outcome: 'failed' });
  expect(finding.detail).toMatch(/^extract_metadata_with_gpt: failure \(keyturn-test-[0-9a-f]+\.pdf\)$/);
  expect(stage.lab.files()).toEqual([]);
});

it('fails when the engine skips the step for want of a value', async () => {
  stage.lab.editSetting('openai_api_key', '', 'somebody');

  const finding = await process();

  expect(finding).toMatchObject({ outcome: 'failed' });
  expect(finding.detail).toContain('skipped');
});

it('does not mind destinations that are broken', async () => {
  stage.lab.brokenDestination = true;

  expect(await process()).toMatchObject({ outcome: 'proved' });
});

it('fails with a worker that still uses a value that is dead', async () => {
  await process();
  stage.lab.staleWorker = true;
  stage.openAi.killKey(stage.openAi.keys().find(({ value }) => value === key)?.id ?? '');
  stage.lab.editSetting('openai_api_key', stage.workingKey(), 'somebody');

  expect(await process()).toMatchObject({ outcome: 'failed' });
});

it('hands in nothing while no worker is online', async () => {
  const body = JSON.stringify({ celery: { workers_online: 0 } });
  stage.lab.faults.add({ method: 'GET', path: '/api/queue/stats', kind: { status: 200, body } });

  const failure = await failureOf(process());

  expect(failure).toMatchObject({ type: 'Unavailable', nonRetryable: false });
  expect(failure.message).toContain('no worker');
  expect(count(stage.lab, 'POST', '/api/intake/documents')).toBe(0);
});

it('goes on with the same document when the answer to its upload was lost', async () => {
  stage.lab.faults.add({ method: 'POST', path: '/api/intake/documents', kind: 'reset-after' });
  await failureOf(process({ key: 'one check' }));

  expect(await process({ key: 'one check' })).toMatchObject({ outcome: 'proved' });
  expect(stage.lab.files()).toEqual([]);
  expect(asked()).toBe(1);
});

it('takes another document when an earlier attempt has deleted its own', async () => {
  const first = await process({ key: 'one check' });

  const second = await process({ key: 'one check' });

  expect([first.outcome, second.outcome]).toEqual(['proved', 'proved']);
  expect(second.detail).not.toBe(first.detail);
  expect(stage.lab.files()).toEqual([]);
});

/** Somebody else hands a document in. */
async function uploadBySomebody(bytes: Buffer): Promise<void> {
  const form = new FormData();
  form.set('file', new File([new Uint8Array(bytes)], 'copy.pdf', { type: 'application/pdf' }));
  const headers = { authorization: `Bearer ${stage.lab.apiToken}` };
  await fetch(`${stage.lab.url}/api/ui-upload`, { method: 'POST', headers, body: form });
  while (stage.lab.files().length === 0) await new Promise(setImmediate);
}

it('takes another document when its bytes were seen before', async () => {
  const { installation } = bench.store;
  const occasion = {
    installation,
    credential: bench.credential,
    version: version.number,
    check: 'one check',
    round: 1,
  };
  await uploadBySomebody(testDocument(occasion).bytes);

  expect(await process({ key: 'one check' })).toMatchObject({ outcome: 'proved' });
  expect(count(stage.lab, 'POST', '/api/intake/documents')).toBe(2);
  expect(stage.lab.files().map(({ name }) => name)).toEqual(['copy.pdf']);
});

it('keeps its hands off a document that was given the id of its own', async () => {
  await uploadBySomebody(Buffer.from('somebody'));
  const body = JSON.stringify({ logs: [{ file_id: stage.lab.files()[0]?.id }] });
  stage.lab.faults.add({ method: 'GET', path: '/api/logs/task/{task}', kind: { status: 200, body } });

  expect(await process()).toMatchObject({ outcome: 'proved' });
  expect(stage.lab.files().map(({ name }) => name)).toContain('copy.pdf');
});

it('does not go on for ever when it never finds its documents', async () => {
  const file = { file: { original_filename: 'renamed.pdf' }, processing_status: { status: 'pending' }, logs: [] };
  const body = JSON.stringify(file);
  stage.lab.faults.add({ method: 'GET', path: '/api/files/{id}', times: Infinity, kind: { status: 200, body } });

  expect(await failureOf(process())).toMatchObject({ type: 'Unavailable', nonRetryable: false });
  expect(count(stage.lab, 'POST', '/api/intake/documents')).toBe(10);
});

it('gives up in time on a document that does not get through, and deletes it', async () => {
  stage.openAi.faults.add({ method: 'POST', path: '*', kind: 'hang' });
  const running = failureOf(process());
  while (count(stage.lab, 'GET', '/api/files/1') === 0) await new Promise(setImmediate);

  const clock = jest.spyOn(Date, 'now').mockReturnValue(Date.now() + 46_000);
  const failure = await running;
  clock.mockRestore();

  expect(failure).toMatchObject({ type: 'Unavailable', nonRetryable: false });
  expect(failure.message).toContain('did not finish the test document within 45 seconds');
  expect(stage.lab.files()).toEqual([]);
});

it('waits when the engine takes no more uploads', async () => {
  await end();
  await begin({ uploadsPerMinute: 1 });
  await process();

  expect(await failureOf(process())).toMatchObject({ type: 'Settling', nextRetryDelay: 20_000, nonRetryable: false });
});

it('says so when the document cannot be deleted', async () => {
  stage.lab.editSetting('allow_file_delete', 'false', 'somebody');

  const finding = await process();

  expect(finding).toMatchObject({ outcome: 'proved' });
  expect(finding.detail).toContain('could not be deleted');
  expect(stage.lab.files()).toHaveLength(1);
});

it('cleans up when it cannot follow the document to its end', async () => {
  stage.openAi.faults.add({ method: 'POST', path: '*', kind: 'hang' });
  stage.lab.faults.add({ method: 'GET', path: '/api/files/{id}', skip: 1, kind: { status: 500 } });

  expect(await failureOf(process())).toMatchObject({ type: 'Unavailable' });
  expect(stage.lab.files()).toEqual([]);
});

it('stops watching when the activity is cancelled', async () => {
  stage.openAi.faults.add({ method: 'POST', path: '*', kind: 'hang' });
  const cancellation = new AbortController();

  const running = process({ signal: cancellation.signal });
  while (stage.lab.files().length === 0) await new Promise(setImmediate);
  cancellation.abort(new CancelledFailure('CANCELLED'));

  await expect(running).rejects.toBeInstanceOf(CancelledFailure);
});

it('uploads nothing for a rotation that is not the writer any more', async () => {
  await bench.rotate();

  expect(await failureOf(process())).toMatchObject({ type: 'FenceLost' });
  expect(count(stage.lab, 'POST', '/api/intake/documents')).toBe(0);
});
