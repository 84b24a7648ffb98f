import { fingerprintOf } from '../../../activities/sftp/key-pair.js';
import type { VersionRef } from '../../../src/domain/version.js';
import { newLabKey } from '../../../src/lab/sftp/keys.js';
import type { SftpLabOptions } from '../../../src/lab/sftp/server.js';
import { type Bench, failureOf, startBench } from '../bench.js';
import { type SftpFixture, startSftpFixture } from './fixture.js';

let bench: Bench;
let fixture: SftpFixture;
let old: VersionRef;
let next: VersionRef;

async function begin(options: SftpLabOptions = {}): Promise<void> {
  bench = await startBench();
  fixture = await startSftpFixture(bench, options);
  await fixture.adopt();
  const rotation = await bench.rotate();
  next = rotation.next;
  old = { ...rotation.current!, fence: next.fence };
  await bench.attempt(() => fixture.sftp.generateKeyPair(next));
  await bench.attempt(() => fixture.sftp.authorizeKey(next));
  await bench.untilDone(() => fixture.sftp.acceptsKey(old));
  await bench.promote(next);
}
afterEach(async () => {
  await fixture.stop();
  await bench.close();
});

const disable = () => bench.attempt(() => fixture.sftp.disableKey(old));
const enable = () => bench.attempt(() => fixture.sftp.enableKey(old));
const isLetIn = () => fixture.lab.accepted().includes(fixture.lab.key.blob);

it('switches a key off at once and on again as it was', async () => {
  await begin();
  const before = fixture.lab.text;

  await disable();

  expect(isLetIn()).toBe(false);
  expect(fixture.lab.accepted()).toHaveLength(2);
  expect(await bench.attempt(() => fixture.sftp.refusesKey(old))).toMatchObject({ outcome: 'proved' });
  await enable();
  expect(fixture.lab.text).toBe(before);
  expect(await bench.attempt(() => fixture.sftp.acceptsKey(old))).toMatchObject({ outcome: 'proved' });
});

it('shows what is off as disabled, and what is on again as no longer refused', async () => {
  await begin();

  await disable();
  expect(await bench.store.read(old)).toMatchObject({ provider: 'disabled' });
  await bench.attempt(() => fixture.sftp.refusesKey(old));
  await enable();

  const evidence = (await bench.store.evidence(old)).filter(({ kind }) => kind === 'refused');
  expect(evidence.sort((a, b) => a.at - b.at).at(-1)).toMatchObject({ outcome: 'failed' });
});

it('needs fresh proof that the new key is in use to switch the old one off', async () => {
  await begin();
  await bench.prove(next, 'document', 'failed');

  expect((await failureOf(disable())).type).toBe('StaleProof');

  expect(isLetIn()).toBe(true);
});

it.each(['reset-before', 'reset-after'] as const)('is done once however often it is begun (%s)', async (kind) => {
  await begin();
  const before = fixture.lab.text;

  for (const [act, text] of [
    [disable, before.replace(`ssh-ed25519 ${fixture.lab.key.blob}`, (line) => `# switched off by keyturn: ${line}`)],
    [enable, before],
  ] as const) {
    fixture.lab.faults.add({ method: 'RENAME', path: '*', kind });
    await failureOf(act());
    await act();
    await act();
    expect(fixture.lab.text).toBe(text);
  }
});

it('switches nothing on that was compromised meanwhile', async () => {
  await begin();
  await disable();
  await bench.store.note(old, { compromised: true });

  expect((await failureOf(enable())).type).toBe('NeedsDecision');

  expect(isLetIn()).toBe(false);
});

it('asks when somebody took the line away meanwhile', async () => {
  await begin();
  await disable();
  fixture.lab.text = fixture.lab.text.replace(/^# switched off.*\n/m, '');

  expect(await failureOf(enable())).toMatchObject({ type: 'NeedsDecision' });
});

it("never switches off Keyturn's own way in", async () => {
  await begin();
  fixture.account.adminKey = fixture.lab.key.privateKey;

  expect((await failureOf(disable())).message).toContain('give Keyturn another key');

  expect(isLetIn()).toBe(true);
});

it('is not done by whoever is not the writer any more', async () => {
  await begin();
  await disable();
  const { text } = fixture.lab;
  await bench.store.move(old, 'retired', 'proved');
  await bench.rotate();

  expect((await failureOf(enable())).type).toBe('FenceLost');

  expect(fixture.lab.text).toBe(text);
});

it('waits until every server lets a key in again', async () => {
  await begin({ propagationMs: 300 });
  await bench.untilDone(() => fixture.sftp.acceptsKey(old));
  await disable();
  fixture.lab.faults.add({ method: 'LOGIN', path: '*', skip: 1, kind: { status: 401 } });

  expect((await failureOf(enable())).nonRetryable).toBe(false);
  await bench.untilDone(() => fixture.sftp.enableKey(old));

  expect(isLetIn()).toBe(true);
});

it('says so when a server goes on turning the key away', async () => {
  await begin();
  await bench.attempt(() => fixture.sftp.acceptsKey(old));
  await disable();
  fixture.lab.faults.add({ method: 'LOGIN', path: '*', skip: 1, times: Infinity, kind: { status: 401 } });

  const failure = await failureOf(enable());

  expect(failure).toMatchObject({ type: 'NeedsDecision' });
  expect(failure.message).toContain('was switched on again, but the SFTP server refuses the key');
});

it('is ended in an emergency like one that is on', async () => {
  await begin();
  const namesake = newLabKey();
  fixture.lab.text += `ssh-ed25519 ${namesake.blob} docuelevate-sftp\n`;
  await disable();
  await bench.store.note(old, { compromised: true });

  await bench.attempt(() => fixture.sftp.removeKeys({ version: next, targets: [old] }));

  expect(fixture.lab.text).not.toContain(fixture.lab.key.blob);
  expect(fixture.lab.accepted()).toContain(namesake.blob);
});

it('is removed in the end', async () => {
  await begin();
  await disable();

  await bench.attempt(() => fixture.sftp.removeKey(old));

  expect(fixture.lab.text).not.toContain(fixture.lab.key.blob);
  expect(fixture.lab.text).not.toContain('switched off');
});

it('leaves no other key that a document could have come with, and says so where there is one', async () => {
  await begin();
  const isOnly = () => bench.attempt(() => fixture.sftp.isOnlyKey(next));

  expect(await isOnly()).toMatchObject({
    outcome: 'not-observable',
    detail: expect.stringContaining(fingerprintOf(fixture.lab.key.blob)) as string,
  });
  await disable();
  expect(await isOnly()).toMatchObject({ kind: 'in-use', outcome: 'proved' });
  fixture.lab.text += `ssh-ed25519 ${newLabKey().blob} of the worker's own home\n`;
  expect(await isOnly()).toMatchObject({ outcome: 'not-observable' });
  fixture.lab.text = `ssh-ed25519 ${fixture.lab.admin.blob} keyturn\n`;
  expect(await isOnly()).toMatchObject({ outcome: 'failed' });
});
