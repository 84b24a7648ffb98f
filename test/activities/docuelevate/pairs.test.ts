import type { Finding } from '../../../src/domain/evidence.js';
import type { VersionRef } from '../../../src/domain/version.js';
import { type AwsLab, startAwsLab } from '../../../src/lab/aws/server.js';
import { type Bench, failureOf, startBench } from '../bench.js';
import { type DocuElevateFixture, startDocuElevateFixture } from './fixture.js';

const settings = { aws_access_key_id: 'id', aws_secret_access_key: 'secret' };
const upload = 'upload_to_s3';

let bench: Bench;
let aws: AwsLab;
let fixture: DocuElevateFixture;
let old: VersionRef;
let next: VersionRef;

beforeEach(async () => {
  bench = await startBench();
  aws = await startAwsLab();
  const [first, second] = [aws.createByHand(), aws.createByHand()];
  const pair = { id: first.id, secret: first.secret };
  fixture = await startDocuElevateFixture(bench, { s3: { endpoint: aws.url, bucket: aws.bucket, ...pair } });
  fixture.engine.settings = settings;
  await bench.adopt(pair);
  const rotation = await bench.rotate();
  [old, next] = [rotation.current!, rotation.next];
  await bench.give(next, { id: second.id, secret: second.secret });
});
afterEach(async () => {
  await fixture.stop();
  await aws.stop();
  await bench.close();
});

const write = (version = next): Promise<void> => bench.attempt(() => fixture.docuelevate.writeSettings(version));
const restore = (): Promise<void> => bench.attempt(() => fixture.docuelevate.restoreSettings(next));
const document = (version = next): Promise<Finding> =>
  bench.attempt(() => fixture.docuelevate.processTestDocument({ version, expect: upload }));
const lost = (): Promise<Finding> =>
  bench.attempt(() => fixture.docuelevate.countFailedUploads({ version: next, step: upload }));
const held = (): (string | null)[] => Object.keys(settings).map((key) => fixture.lab.workerHolds(key));
const valuesOf = async (version: VersionRef): Promise<string[]> => Object.values(await bench.store.unseal(version));

/** Somebody hands in a document, and the engine is done with it. */
async function handIn(name: string): Promise<void> {
  const body = new FormData();
  body.set('file', new File([`%PDF-1.4 ${name} /Producer (LibreOffice)`], name, { type: 'application/pdf' }));
  body.set('source', 'a person');
  body.set('idempotency_key', `of ${name}`);
  const headers = { authorization: `Bearer ${fixture.lab.apiToken}` };
  await fetch(`${fixture.lab.url}/api/intake/documents`, { method: 'POST', headers, body });
  const done = () =>
    fixture.lab
      .files()
      .some((file) => file.name === name && file.steps.some((step) => step.name === upload && isEnd(step.status)));
  const isEnd = (status: string) => status === 'success' || status === 'failure';
  while (!done()) await new Promise((resolve) => setTimeout(resolve, 5));
}

it('writes id and secret back to back as two settings: the bulk-update endpoint cannot be reached', async () => {
  await write();

  expect(held()).toEqual(await valuesOf(next));
  expect(await fixture.lab.use('s3')).toBe(true);
  const writes = fixture.lab.requests.filter(
    ({ method, path }) => method === 'POST' && path.startsWith('/api/settings/'),
  );
  expect(writes.map(({ path }) => path)).toEqual(Object.keys(settings).map((key) => `/api/settings/${key}`));
});

it('puts both old halves back when only the first was written', async () => {
  fixture.lab.faults.add({ method: 'POST', path: '/api/settings/aws_secret_access_key', kind: { status: 500 } });
  await failureOf(write());
  expect(await fixture.lab.use('s3')).toBe(false);
  await bench.prove(old, 'accepted');

  await restore();

  expect(held()).toEqual(await valuesOf(old));
  expect(await fixture.lab.use('s3')).toBe(true);
});

it('waits for the upload to S3, whatever becomes of the other destinations', async () => {
  await write();
  fixture.lab.brokenDestination = true;
  expect(await document()).toMatchObject({ kind: 'document', outcome: 'proved' });
  aws.deleteByHand(aws.keys()[1]!.id);

  expect(await document()).toMatchObject({
    outcome: 'failed',
    detail: expect.stringMatching(/^upload_to_s3: failure/) as string,
  });
});

it('counts the documents that fell between the two writes', async () => {
  const [id = ''] = await valuesOf(next);
  await bench.attempt(() => fixture.docuelevate.writeSettings(next));
  expect(await lost()).toMatchObject({ kind: 'gap', outcome: 'proved' });
  fixture.lab.editSetting('aws_access_key_id', id.replace('AKIA', 'AKIB'), 'the test');
  await handIn('invoice.pdf');

  const finding = await lost();

  const [file] = fixture.lab.files();
  expect(finding).toMatchObject({ kind: 'gap', outcome: 'failed' });
  expect(finding.detail).toMatch(
    new RegExp(`^1 documents failed at upload_to_s3 between .* and .*: reprocess ${file?.id}$`),
  );
});

it('does not count what failed at another time, or at another destination', async () => {
  await write();
  fixture.lab.brokenDestination = true;
  await handIn('letter.pdf');

  expect(fixture.lab.files()).toMatchObject([{ status: 'failed' }]);
  expect(await lost()).toMatchObject({ outcome: 'proved' });
});
