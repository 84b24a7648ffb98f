import { CancelledFailure } from '@temporalio/common';
import { testDocument } from '../../../activities/docuelevate/test-document.js';
import type { Finding } from '../../../src/domain/evidence.js';
import type { VersionRef } from '../../../src/domain/version.js';
import { type Bench, failureOf, startBench } from '../bench.js';
import { count, type DocuElevateFixture, startDocuElevateFixture } from './fixture.js';

const expected = 'extract_metadata_with_gpt';

let bench: Bench;
let fixture: DocuElevateFixture;
let version: VersionRef;
let key: string;

async function begin(options: Parameters<typeof startDocuElevateFixture>[1] = {}): Promise<void> {
  bench = await startBench();
  fixture = await startDocuElevateFixture(bench, options);
  version = (await bench.rotate()).next;
  key = fixture.workingKey();
  await fixture.install(version, { key });
}
async function end(): Promise<void> {
  await fixture.stop();
  await bench.close();
}
async function beginAnew(options: Parameters<typeof startDocuElevateFixture>[1]): Promise<void> {
  await end();
  await begin(options);
}
beforeEach(() => begin());
afterEach(end);

function process(scope: { key?: string; signal?: AbortSignal } = {}): Promise<Finding> {
  return bench.attempt(() => fixture.docuelevate.processTestDocument({ version, expect: expected }), scope);
}
const asked = (): number => count(fixture.openAi, 'POST', '/v1/chat/completions');
const handedIn = (): number => count(fixture.lab, 'POST', '/api/intake/documents');
const kill = (value: string): void =>
  fixture.openAi.killKey(fixture.openAi.keys().find((each) => each.value === value)?.id ?? '');
/** By name, what the store knows of each test document, the newest finding first. */
async function documentsKnown(): Promise<string[]> {
  const evidence = await bench.store.evidence(version);
  return evidence.filter(({ kind }) => kind === 'test-document').map(({ outcome }) => outcome);
}

it('shows that a document gets through, and leaves nothing behind', async () => {
  const finding = await process();

  expect(finding).toMatchObject({ kind: 'document', outcome: 'proved' });
  expect(finding.detail).toMatch(/^extract_metadata_with_gpt: success \(keyturn-test-[0-9a-f]{32}\.pdf\)$/);
  expect((await bench.store.evidence(version))[0]).toMatchObject({ kind: 'document', outcome: 'proved' });
  expect(await documentsKnown()).toEqual(['proved', 'not-observable']);
  expect(fixture.lab.files()).toEqual([]);
  expect(asked()).toBe(1);
});

it('fails when the engine cannot use the value, and shows nothing of it', async () => {
  kill(key);

  const finding = await process();

  expect(finding).toMatchObject({ outcome: 'failed' });
  expect(finding.detail).toMatch(
    /^extract_metadata_with_gpt: failure, at extract_metadata_with_gpt \(401\) \(keyturn-test-[0-9a-f]+\.pdf\)$/,
  );
  expect(fixture.lab.files()).toEqual([]);
});

it('is not taken in by the lines of an earlier document that had the same id', async () => {
  const first = await process();
  kill(key);

  const second = await process();

  expect([first.outcome, second.outcome]).toEqual(['proved', 'failed']);
});

it('is not taken in by the status of an earlier document that had the same id', async () => {
  await process();
  const looks = (): number => count(fixture.lab, 'GET', '/api/files/1');
  const before = looks();
  fixture.lab.beforeLine = async ({ step }) => {
    while (step === 'extract_metadata_with_gpt' && looks() < before + 6) await new Promise(setImmediate);
  };

  expect(await process()).toMatchObject({ outcome: 'proved' });
});

it('does not wait for the failed upload of an earlier document that had the same id', async () => {
  fixture.lab.brokenDestination = true;
  await process();
  fixture.lab.brokenDestination = false;
  const headers = { authorization: `Bearer ${fixture.lab.apiToken}` };
  for (const { id } of fixture.lab.files())
    await fetch(`${fixture.lab.url}/api/files/${id}`, { method: 'DELETE', headers });

  expect(await process()).toMatchObject({ outcome: 'proved' });
});

it('makes the engine reload first: a worker that started with an empty Redis uses the environment', async () => {
  const fallback = fixture.workingKey();
  await beginAnew({ openAiKey: fallback });
  fixture.lab.emptyRedis();
  fixture.lab.restartWorker();
  const held = fixture.lab.workerHolds('openai_api_key');

  expect(await process()).toMatchObject({ outcome: 'proved' });
  expect(held).toBe(fallback);
  expect(fixture.lab.workerHolds('openai_api_key')).toBe(key);
});

it('shows nothing of a value that somebody has changed since, and hands in nothing', async () => {
  fixture.lab.editSetting('openai_api_key', fixture.workingKey(), 'somebody');

  expect(await process()).toMatchObject({
    outcome: 'failed',
    detail: expect.stringContaining('openai_api_key was last changed by somebody') as string,
  });
  expect(handedIn()).toBe(0);
});

it('fails when the engine does the document without the step, for want of a destination', async () => {
  const finding = await bench.attempt(() =>
    fixture.docuelevate.processTestDocument({ version, expect: 'upload_to_s3' }),
  );

  expect(finding).toMatchObject({ outcome: 'failed', detail: expect.stringContaining('it did not run') as string });
  expect(fixture.lab.files()).toEqual([]);
});

it('does not mind destinations that are broken', async () => {
  fixture.lab.brokenDestination = true;

  expect(await process()).toMatchObject({ outcome: 'proved' });
});

it('fails with a worker that still uses a value that is dead', async () => {
  const dead = fixture.workingKey();
  fixture.lab.editSetting('openai_api_key', dead, 'somebody');
  await fixture.lab.use('ai');
  fixture.lab.staleWorker = true;
  kill(dead);
  await bench.attempt(() => fixture.docuelevate.writeSettings(version));

  expect(await process()).toMatchObject({ outcome: 'failed' });
});

it('says so when a document does not move, because no worker is online', async () => {
  fixture.lab.faults.add({
    ...{ method: 'GET', path: '/api/queue/stats' },
    kind: { status: 200, body: JSON.stringify({ celery: { workers_online: 0 } }) },
  });
  fixture.openAi.faults.add({ method: 'POST', path: '*', kind: 'hang' });
  const running = failureOf(process());
  while (count(fixture.lab, 'GET', '/api/files/1') < 8) await new Promise(setImmediate); // its lines have come by then

  const clock = jest.spyOn(Date, 'now').mockReturnValue(Date.now() + 11_000);
  const failure = await running;
  clock.mockRestore();

  expect(failure).toMatchObject({ type: 'Unavailable', nonRetryable: false });
  expect(failure.message).toContain('no worker');
});

it('does not ask for the queue while documents move: it takes DocuElevate six seconds', async () => {
  await process();

  expect(count(fixture.lab, 'GET', '/api/queue/stats')).toBe(0);
});

it('goes on with the same document when the answer to its upload was lost', async () => {
  fixture.openAi.faults.add({ method: 'POST', path: '*', kind: { slowMs: 500 } }); // so that the next attempt comes before the step
  fixture.lab.faults.add({ method: 'POST', path: '/api/intake/documents', kind: 'reset-after' });
  await failureOf(process({ key: 'one check' }));

  expect(await process({ key: 'one check' })).toMatchObject({ outcome: 'proved' });
  expect(fixture.lab.files()).toEqual([]);
});

it('does not count a document of an earlier attempt that went through before the engine reloaded', async () => {
  fixture.lab.faults.add({ method: 'GET', path: '/api/logs/task/{task}', times: 1, kind: { status: 500 } });
  await failureOf(process({ key: 'one check' }));
  while (asked() === 0 || fixture.lab.files()[0]?.status !== 'completed') await new Promise(setImmediate);

  expect(await process({ key: 'one check' })).toMatchObject({ outcome: 'proved' });
  expect(handedIn()).toBe(3); // twice the first, and one more
  expect(fixture.lab.files()).toEqual([]);
});

it('takes another document when an earlier attempt has deleted its own', async () => {
  const first = await process({ key: 'one check' });

  const second = await process({ key: 'one check' });

  expect([first.outcome, second.outcome]).toEqual(['proved', 'proved']);
  expect(second.detail).not.toBe(first.detail);
  expect(fixture.lab.files()).toEqual([]);
});

/** Somebody else hands a document in. */
async function uploadBySomebody(bytes: Buffer): Promise<void> {
  const form = new FormData();
  form.set('file', new File([new Uint8Array(bytes)], 'copy.pdf', { type: 'application/pdf' }));
  const headers = { authorization: `Bearer ${fixture.lab.apiToken}` };
  await fetch(`${fixture.lab.url}/api/ui-upload`, { method: 'POST', headers, body: form });
  while (fixture.lab.files().length === 0) await new Promise(setImmediate);
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
  expect(count(fixture.lab, 'POST', '/api/intake/documents')).toBe(2);
  expect(fixture.lab.files().map(({ name }) => name)).toEqual(['copy.pdf']);
});

it('keeps its hands off a document that was given the id of its own', async () => {
  await uploadBySomebody(Buffer.from('somebody'));
  const line = { id: 1, step_name: 'create_file_record', status: 'success', file_id: fixture.lab.files()[0]?.id };
  const body = JSON.stringify({ logs: [line] });
  fixture.lab.faults.add({ method: 'GET', path: '/api/logs/task/{task}', kind: { status: 200, body } });

  expect(await process()).toMatchObject({ outcome: 'proved' });
  expect(fixture.lab.files().map(({ name }) => name)).toContain('copy.pdf');
});

it('does not go on for ever when it never finds its documents', async () => {
  const file = { file: { original_filename: 'renamed.pdf' }, processing_status: { status: 'pending' }, logs: [] };
  const body = JSON.stringify(file);
  fixture.lab.faults.add({ method: 'GET', path: '/api/files/{id}', times: Infinity, kind: { status: 200, body } });

  expect(await failureOf(process())).toMatchObject({ type: 'Unavailable', nonRetryable: false });
  expect(count(fixture.lab, 'POST', '/api/intake/documents')).toBe(10);
});

it('gives up in time on a document that does not get through, and leaves it to the next attempt', async () => {
  fixture.openAi.faults.add({ method: 'POST', path: '*', times: Infinity, kind: 'hang' });
  const running = failureOf(process());
  while (count(fixture.lab, 'GET', '/api/files/1') === 0) await new Promise(setImmediate);

  const clock = jest.spyOn(Date, 'now').mockReturnValue(Date.now() + 46_000);
  const failure = await running;
  clock.mockRestore();

  expect(failure).toMatchObject({ type: 'Unavailable', nonRetryable: false });
  expect(failure.message).toContain('did not finish the test document in time');
  expect(fixture.lab.files()).toHaveLength(1); // deleted in the middle it would come back
  expect(await documentsKnown()).toEqual(['not-observable']);
});

describe('A document that fails before the step', () => {
  it('is followed by a new one, and the step that failed is named', async () => {
    const finding = await bench.attempt(() =>
      fixture.docuelevate.processTestDocument({ version, expect: 'compute_embedding' }),
    );
    kill(key);
    const failing = await bench.attempt(() =>
      fixture.docuelevate.processTestDocument({ version, expect: 'embed_metadata_into_pdf' }),
    );

    expect(finding.outcome).toBe('failed'); // nothing ties its lines to the document
    expect(failing).toMatchObject({ outcome: 'failed' });
    expect(failing.detail).toMatch(
      /^no document reached embed_metadata_into_pdf: they failed at (extract_metadata_with_gpt \(401\) \(keyturn-test-[0-9a-f]+\.pdf\)(, )?){3}$/,
    );
  });
});

describe('On PostgreSQL', () => {
  beforeEach(() => beginAnew({ database: 'postgresql' }));

  it('the document stays, and is on record by its name', async () => {
    const finding = await process();

    expect(finding).toMatchObject({ outcome: 'proved' });
    expect(finding.detail).toContain('it stays in DocuElevate: it could not be deleted');
    expect(fixture.lab.files()).toHaveLength(1);
    expect(await documentsKnown()).toEqual(['failed', 'not-observable']);
  });

  it('a value that the engine cannot use is found out', async () => {
    kill(key);

    expect(await process()).toMatchObject({ outcome: 'failed' });
  });
});

it('waits when the engine takes no more uploads', async () => {
  await end();
  await begin({ uploadsPerMinute: 1 });
  await process();

  expect(await failureOf(process())).toMatchObject({
    type: 'Propagating',
    nextRetryDelay: 20_000,
    nonRetryable: false,
  });
});

it('says so when the document cannot be deleted', async () => {
  fixture.lab.editSetting('allow_file_delete', 'false', 'somebody');

  const finding = await process();

  expect(finding).toMatchObject({ outcome: 'proved' });
  expect(finding.detail).toContain('could not be deleted');
  expect(fixture.lab.files()).toHaveLength(1);
});

it('stops watching when the activity is cancelled', async () => {
  fixture.openAi.faults.add({ method: 'POST', path: '*', kind: 'hang' });
  const cancellation = new AbortController();

  const running = process({ signal: cancellation.signal });
  while (fixture.lab.files().length === 0) await new Promise(setImmediate);
  cancellation.abort(new CancelledFailure('CANCELLED'));

  await expect(running).rejects.toBeInstanceOf(CancelledFailure);
});

it('uploads nothing for a rotation that is not the writer any more', async () => {
  await bench.rotate();

  expect(await failureOf(process())).toMatchObject({ type: 'FenceLost' });
  expect(handedIn()).toBe(0);
});
