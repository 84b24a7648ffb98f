import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { docuElevateRequests } from '../../../activities/docuelevate/requests.js';
import type { Finding } from '../../../src/domain/evidence.js';
import type { VersionRef } from '../../../src/domain/version.js';
import { newLabKey } from '../../../src/lab/sftp/keys.js';
import { type SftpLab, startSftpLab } from '../../../src/lab/sftp/server.js';
import { sftpPrivateKey } from '../../../workflows/procedures/sftp-private-key.js';
import { linesOf, patternOf } from '../../contracts/requests.js';
import { type Bench, failureOf, randomValue, startBench } from '../bench.js';
import { type DocuElevateFixture, startDocuElevateFixture } from './fixture.js';

let bench: Bench;
let sftp: SftpLab;
let fixture: DocuElevateFixture;
let version: VersionRef;
let folder: string;
let keyFile: string;

async function begin(destination: { privateKey?: string; password?: string; hostKey?: string } = {}): Promise<void> {
  bench = await startBench();
  sftp = await startSftpLab();
  folder = mkdtempSync(join(tmpdir(), 'keyturn-worker-'));
  keyFile = join(folder, 'docuelevate_sftp');
  writeFileSync(keyFile, sftp.key.privateKey);
  const { port, username, hostKey } = sftp;
  fixture = await startDocuElevateFixture(bench, {
    sftp: { port, username, hostKey, privateKey: keyFile, ...destination },
  });
  const { settings, optionalParts, fallback } = sftpPrivateKey;
  Object.assign(fixture.engine, { settings, optionalParts, fallback });
  version = (await bench.rotate()).next;
  await bench.give(version, { privateKey: sftp.key.privateKey, path: keyFile });
}
const write = (): Promise<void> => bench.attempt(() => fixture.docuelevate.writeSettings(version));
afterEach(async () => {
  await fixture.stop();
  await sftp.stop();
  await bench.close();
  rmSync(folder, { recursive: true });
});

const send = (): Promise<Finding> =>
  bench.attempt(() => fixture.docuelevate.processTestDocument({ version, expect: 'upload_to_sftp' }));
const noFallback = (): Promise<Finding> =>
  bench.attempt(() => fixture.docuelevate.hasNoFallback({ version, setting: 'sftp_password' }));
const holdsAdopted = (): Promise<Finding> => bench.attempt(() => fixture.docuelevate.holdsAdopted(version));
const arrived = (): number => [...sftp.files.all.keys()].filter((path) => path.includes('/upload/')).length;

it('sends a test document with the key, and asks for no other proof while there is no password', async () => {
  await begin();
  await write();

  expect(await send()).toMatchObject({ kind: 'document', outcome: 'proved' });
  expect(arrived()).toBe(1);
  expect(await noFallback()).toMatchObject({ kind: 'in-use', outcome: 'not-observable' });
});

it('catches a document that went through by the password, because the worker did not find the key file', async () => {
  await begin();
  await write();
  rmSync(keyFile);
  fixture.lab.editSetting('sftp_password', sftp.password, 'somebody');

  expect(await send()).toMatchObject({ outcome: 'proved' });

  expect(await noFallback()).toMatchObject({
    kind: 'in-use',
    outcome: 'failed',
    detail: expect.stringContaining('silently falls back to it') as string,
  });
});

/** Somebody hands in a document, and it fails on its way to the server. */
async function failToDeliver(): Promise<number> {
  const body = new FormData();
  body.set('file', new File(['%PDF-1.4 a letter /Producer (LibreOffice)'], 'letter.pdf', { type: 'application/pdf' }));
  const headers = { authorization: `Bearer ${fixture.lab.apiToken}` };
  await fetch(`${fixture.lab.url}/api/ui-upload`, { method: 'POST', headers, body });
  for (;;) {
    const letter = fixture.lab.files().find(({ name }) => name === 'letter.pdf');
    if (letter?.steps.some(({ name, status }) => name === 'upload_to_sftp' && status === 'failure')) return letter.id;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

it('counts the uploads that failed since the reload before the old key was switched off', async () => {
  await begin();
  await write();
  await send();
  const since = 'the last reload but one';
  const lost = () =>
    bench.attempt(() => fixture.docuelevate.countFailedUploads({ version, step: 'upload_to_sftp', since }));
  const before = await lost();
  rmSync(keyFile);
  const letter = await failToDeliver();
  writeFileSync(keyFile, sftp.key.privateKey);
  await send();

  expect(before).toMatchObject({ kind: 'gap', outcome: 'proved' });
  expect(await lost()).toMatchObject({
    outcome: 'failed',
    detail: expect.stringMatching(
      new RegExp(`^1 documents failed at upload_to_sftp .*: reprocess ${letter}$`),
    ) as string,
  });
});

it('fails with the text of a key in the setting, where DocuElevate wants a path', async () => {
  await begin();
  const adopted = await holdsAdopted();
  fixture.lab.editSetting('sftp_private_key', sftp.key.privateKey, 'somebody');

  expect(adopted).toMatchObject({ outcome: 'not-observable' });
  expect(await send()).toMatchObject({ outcome: 'failed' });
  expect(await holdsAdopted()).toMatchObject({
    outcome: 'failed',
    detail: expect.stringContaining('needs the path of a file') as string,
  });
});

it('notices that the setting names another file than the adopted one', async () => {
  await begin({ privateKey: '/etc/elsewhere' });

  expect(await holdsAdopted()).toMatchObject({ outcome: 'failed' });
});

it('writes the path into the setting and never the key', async () => {
  await begin();

  await bench.attempt(() => fixture.docuelevate.writeSettings(version));

  expect(fixture.lab.setting('sftp_private_key')).toBe(keyFile);
});

it('leaves the passphrase alone for a value without one, and writes it before the path for one with', async () => {
  await begin();
  await bench.attempt(() => fixture.docuelevate.writeSettings(version));
  expect(fixture.lab.setting('sftp_private_key_passphrase')).toBeNull();
  expect((await bench.attempt(() => fixture.docuelevate.settingsAreOurs(version))).outcome).toBe('proved');
  await bench.promote(version);
  const { settings } = await bench.attempt(() => fixture.docuelevate.survey(bench.credential));
  expect(settings.map(({ key }) => key)).toEqual(['sftp_private_key']);
  const passphrase = randomValue();
  const sealed = newLabKey(passphrase);
  const path = join(folder, 'sealed');
  writeFileSync(path, sealed.privateKey);
  sftp.text += `ssh-ed25519 ${sealed.blob} new\n`;
  version = (await bench.rotate()).next;
  await bench.give(version, { privateKey: sealed.privateKey, path, passphrase });
  const before = fixture.lab.requests.length;

  await bench.attempt(() => fixture.docuelevate.writeSettings(version));

  const written = fixture.lab.requests.slice(before).filter(({ method }) => method === 'POST');
  expect(written.map(({ path: at }) => at.split('/').at(-1))).toEqual([
    'sftp_private_key_passphrase',
    'sftp_private_key',
  ]);
  expect(await send()).toMatchObject({ outcome: 'proved' });
});

it('refuses a part that has to be there', async () => {
  await begin();
  version = (await bench.rotate()).next;
  await bench.give(version, { privateKey: sftp.key.privateKey });

  const failure = await failureOf(bench.attempt(() => fixture.docuelevate.writeSettings(version)));

  expect(failure.message).toContain('"path"');
});

it('sends nothing to a server whose host key the worker does not know', async () => {
  await begin({ hostKey: `ssh-ed25519 ${newLabKey().blob}` });

  expect(await send()).toMatchObject({ outcome: 'failed' });
  expect(sftp.requests).toEqual([]);
});

it('asks for what it declares', async () => {
  await begin();
  await bench.attempt(() => fixture.docuelevate.checkAccess(bench.credential)); // signs in
  for (const [verb, work] of [
    ['hasNoFallback', noFallback],
    ['holdsAdopted', holdsAdopted],
  ] as const) {
    const before = fixture.lab.requests.length;
    await work();
    expect(linesOf(fixture.lab.requests.slice(before))).toMatch(patternOf(docuElevateRequests[verb]));
  }
});

it('says before any rotation that a password stands beside the key', async () => {
  await begin();
  const ofPassword = async () =>
    (await bench.attempt(() => fixture.docuelevate.checkAccess(bench.credential))).find(({ what }) =>
      what.endsWith('sftp_password'),
    );
  const before = await ofPassword();
  fixture.lab.editSetting('sftp_password', sftp.password, 'somebody');

  expect(before).toMatchObject({ ok: true });
  expect(await ofPassword()).toMatchObject({ ok: false, detail: expect.stringContaining('falls back') as string });
});
