import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import type { VersionRef } from '../../../src/domain/version.js';
import { newLabKey } from '../../../src/lab/sftp/keys.js';
import type { SftpLabOptions } from '../../../src/lab/sftp/server.js';
import { type Bench, failureOf, randomValue, startBench } from '../bench.js';
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
  [old, next] = [rotation.current!, rotation.next];
  await bench.attempt(() => fixture.sftp.generateKeyPair(next));
}
afterEach(async () => {
  await fixture.stop();
  await bench.close();
});

const publicKeyOf = async (version: VersionRef) => (await bench.store.unseal(version))['publicKey'] ?? '';
const authorize = () => bench.attempt(() => fixture.sftp.authorizeKey(next));
const temporary = () => [...fixture.lab.files.all.keys()].filter((path) => path.includes('.keyturn-'));

/** The old key may go: the new one is in force and proved. */
async function replace(): Promise<void> {
  await authorize();
  await bench.untilDone(() => fixture.sftp.acceptsKey(old));
  await bench.promote(next);
}

describe('authorized_keys', () => {
  it('gets the new key, and keeps every line it had', async () => {
    await begin();
    const before = fixture.lab.text;

    await authorize();

    expect(fixture.lab.text.startsWith(before)).toBe(true);
    expect(fixture.lab.accepted()).toEqual([fixture.lab.key.blob, fixture.lab.admin.blob, await publicKeyOf(next)]);
    expect(temporary()).toEqual([]);
  });

  it('is never written in place: whatever is cut off, everybody who could come in still can', async () => {
    await begin();
    const everybody = fixture.lab.accepted();

    for (const [method, kind] of [
      ['WRITE', 'reset-before'],
      ['WRITE', 'reset-after'],
      ['RENAME', 'reset-before'],
    ] as const) {
      fixture.lab.faults.add({ method, path: '*', kind });
      await expect(authorize()).rejects.toMatchObject({ type: 'Unavailable', nonRetryable: false });
      expect(fixture.lab.accepted()).toEqual(everybody);
    }
    await authorize();

    expect(fixture.lab.accepted()).toHaveLength(everybody.length + 1);
  });

  it("keeps somebody else's edit that came between looking and replacing", async () => {
    await begin();
    const stranger = newLabKey();
    fixture.lab.faults.add({ method: 'WRITE', path: '*', kind: { slowMs: 40 } });

    const adding = authorize();
    while (!fixture.lab.requests.some(({ method }) => method === 'WRITE')) await new Promise(setImmediate);
    fixture.lab.text += `ssh-ed25519 ${stranger.blob} a person\n`;
    await adding;

    expect(fixture.lab.accepted()).toEqual(expect.arrayContaining([stranger.blob, await publicKeyOf(next)]));
    expect(temporary()).toEqual([]);
  });

  it('is left alone by an attempt that was frozen after it presented its fence', async () => {
    await begin();
    const before = fixture.lab.text;
    fixture.lab.faults.add({ method: 'READ', path: '*', skip: 1, kind: { slowMs: 60 } });

    const failure = await failureOf(bench.attempt(() => fixture.sftp.authorizeKey(next), { leaseMs: 20 }));

    expect(failure.message).toContain('TOO_LATE');
    expect(fixture.lab.text).toBe(before);
    expect(temporary()).toEqual([]);
  });

  it('gives the new key no more rights than the old one has', async () => {
    await begin();
    fixture.lab.text = fixture.lab.text.replace(
      `ssh-ed25519 ${fixture.lab.key.blob}`,
      (line) => `restrict,from="127.0.0.1" ${line}`,
    );

    await authorize();

    expect(fixture.lab.text).toContain(`\nrestrict,from="127.0.0.1" ssh-ed25519 ${await publicKeyOf(next)} `);
  });

  it('gives the new key a line for each line of the old one, each with its own options', async () => {
    await begin();
    const { blob } = fixture.lab.key;
    fixture.lab.text = `from="10.20.30.40" ssh-ed25519 ${blob} office\n${fixture.lab.text.replace(`ssh-ed25519 ${blob}`, (line) => `from="127.0.0.1" ${line}`)}`;

    await authorize();

    const key = await publicKeyOf(next);
    expect(fixture.lab.text).toContain(`\nfrom="10.20.30.40" ssh-ed25519 ${key} `);
    expect(fixture.lab.text).toContain(`\nfrom="127.0.0.1" ssh-ed25519 ${key} `);
    expect(await bench.attempt(() => fixture.sftp.acceptsKey(next))).toMatchObject({ outcome: 'proved' });
    const before = fixture.lab.text;
    await authorize();
    expect(fixture.lab.text).toBe(before);
  });

  it('gives the key after an emergency as many lines as the one before it had', async () => {
    await begin();
    const { blob } = fixture.lab.key;
    fixture.lab.text = fixture.lab.text.replace(
      `ssh-ed25519 ${blob}`,
      (line) => `from="127.0.0.1" ${line}\nfrom="10.20.30.40" ssh-ed25519 ${blob}`,
    );
    await authorize();
    for (const version of [old, next]) await bench.store.note({ ...version, fence: next.fence }, { compromised: true });
    const targets = [old, next].map((target) => ({ ...target, fence: next.fence }));
    await bench.attempt(() => fixture.sftp.removeKeys({ version: next, targets }));
    ({ next } = await bench.rotate());
    await bench.attempt(() => fixture.sftp.generateKeyPair(next));

    await authorize();

    const key = await publicKeyOf(next);
    expect(
      fixture.lab.text.match(new RegExp(`^from="[\\d.]+" ssh-ed25519 ${key.replaceAll('+', '\\+')} `, 'gm')),
    ).toHaveLength(2);
  });

  it('lets the new key in for a time of its own where the old one has an end', async () => {
    await begin();
    fixture.lab.text = fixture.lab.text.replace(
      `ssh-ed25519 ${fixture.lab.key.blob}`,
      (line) => `restrict,expiry-time="20200101" ${line}`,
    );
    expect(fixture.lab.accepted()).toEqual([fixture.lab.admin.blob]);

    await authorize();

    expect(fixture.lab.accepted()).toEqual([fixture.lab.admin.blob, await publicKeyOf(next)]);
    expect(fixture.lab.text).toContain(`\nrestrict ssh-ed25519 ${await publicKeyOf(next)} `);
  });

  it('gives it no more rights after an emergency either, which has removed the line to go by', async () => {
    await begin();
    fixture.lab.text = fixture.lab.text.replace(`ssh-ed25519 ${fixture.lab.key.blob}`, (line) => `restrict ${line}`);
    await authorize();
    for (const version of [old, next]) await bench.store.note({ ...version, fence: next.fence }, { compromised: true });
    const targets = [old, next].map((target) => ({ ...target, fence: next.fence }));
    await bench.attempt(() => fixture.sftp.removeKeys({ version: next, targets }));
    expect(fixture.lab.accepted()).toEqual([fixture.lab.admin.blob]);
    const rotation = await bench.rotate();

    next = rotation.next;
    await bench.attempt(() => fixture.sftp.generateKeyPair(next));
    await authorize();

    expect(fixture.lab.text).toContain(`\nrestrict ssh-ed25519 ${await publicKeyOf(next)} `);
  });

  it('loses the old key by itself and not by its name', async () => {
    await begin();
    const namesake = newLabKey();
    fixture.lab.text += `ssh-ed25519 ${namesake.blob} docuelevate-sftp\n`;
    await replace();

    await bench.attempt(() => fixture.sftp.removeKey(old));

    expect(fixture.lab.accepted()).toEqual([fixture.lab.admin.blob, namesake.blob, await publicKeyOf(next)]);
  });

  it('loses no key without fresh proof that the new one is in use', async () => {
    await begin();
    await authorize();

    const failure = await failureOf(bench.attempt(() => fixture.sftp.removeKey(old)));

    expect(failure.type).toBe('StaleProof');
    expect(fixture.lab.accepted()).toContain(fixture.lab.key.blob);
  });
});

describe('a server', () => {
  it('with another host key is not believed, and is not shown a key', async () => {
    await begin();
    fixture.account.hostKey = `ssh-ed25519 ${newLabKey().blob}`;
    const before = fixture.lab.requests.length;

    const failures = [
      await failureOf(authorize()),
      await failureOf(bench.attempt(() => fixture.sftp.acceptsKey(next))),
      await failureOf(bench.attempt(() => fixture.sftp.refusesKey(old))),
    ];

    for (const failure of failures) {
      expect(failure.nonRetryable).toBe(true);
      expect(failure.message).toContain('another host key');
    }
    expect(fixture.lab.requests.slice(before)).toEqual([]);
  });

  it('without posix-rename is asked for a plain one, where that replaces', async () => {
    await begin({ posixRename: false, renameReplaces: true });

    await authorize();

    expect(fixture.lab.accepted()).toContain(await publicKeyOf(next));
  });

  it('that replaces nothing in one step gets no file written in place, and is told of', async () => {
    await begin({ posixRename: false });
    const before = fixture.lab.text;

    const failure = await failureOf(authorize());

    expect(failure).toMatchObject({ type: 'Rejected', nonRetryable: true });
    expect(failure.message).toContain('in one step');
    expect(fixture.lab.text).toBe(before);
    expect(temporary()).toEqual([]);
  });

  it('lets the account in again after somebody else replaced the file for it: it keeps its owner and its rights', async () => {
    await begin();
    const { root, keysFile } = fixture.lab;
    Object.assign(fixture.account, { adminUsername: root.name, adminKey: root.privateKey, authorizedKeys: keysFile });

    await authorize();

    expect(fixture.lab.files.all.get(keysFile)).toMatchObject({ uid: 1000, mode: 0o600 });
    expect(fixture.lab.accepted()).toContain(await publicKeyOf(next));
  });

  it('that keeps keys in a central file can be changed by somebody who may', async () => {
    bench = await startBench();
    fixture = await startSftpFixture(bench, { placement: 'central' });
    const { root, keysFile } = fixture.lab;
    Object.assign(fixture.account, { adminUsername: root.name, adminKey: root.privateKey, authorizedKeys: keysFile });
    await fixture.adopt();
    ({ next } = await bench.rotate());

    await bench.attempt(() => fixture.sftp.generateKeyPair(next));
    await authorize();

    expect(fixture.lab.accepted()).toContain(await publicKeyOf(next));
  });
});

describe('a proof', () => {
  it('uses the key alone: the password that the server takes as well lets nobody in', async () => {
    await begin();

    const finding = await bench.attempt(() => fixture.sftp.acceptsKey(next));

    expect(finding).toMatchObject({ kind: 'accepted', outcome: 'failed' });
    expect(fixture.lab.requests.at(-1)).toMatchObject({ method: 'LOGIN', status: 401 });
  });

  it('takes a server that hangs up on the one try it allows for one that turns the key away', async () => {
    await begin({ maxAuthTries: 1 });

    const finding = await bench.attempt(() => fixture.sftp.acceptsKey(next));

    expect(finding).toMatchObject({ kind: 'accepted', outcome: 'failed' });
  });

  it('that the old key is refused asks once with it, because a refusal counts as an attack', async () => {
    await begin();
    await replace();
    await bench.attempt(() => fixture.sftp.removeKey(old));
    const before = fixture.lab.failedLogins();

    expect(await bench.attempt(() => fixture.sftp.refusesKey(old))).toMatchObject({ outcome: 'proved' });

    expect(fixture.lab.failedLogins() - before).toBe(1);
  });

  it('is none while the server lets nobody in at all', async () => {
    await begin();
    await replace();
    fixture.lab.text = '';

    expect(await bench.attempt(() => fixture.sftp.refusesKey(old))).toMatchObject({ outcome: 'failed' });
  });
});

describe('a key file', () => {
  it('is a new one for each key, with the rights of the adopted one, which stays as it is', async () => {
    await begin();
    const before = readFileSync(fixture.keyFile, 'utf8');

    await bench.attempt(() => fixture.sftp.placeKeyFile(next));

    const { path = '', privateKey = '' } = await bench.store.unseal(next);
    const file = path.replace('/app/keys', fixture.folder);
    expect(path).toMatch(/^\/app\/keys\/docuelevate_sftp-v2-[0-9a-f]{8}$/);
    expect(readFileSync(file, 'utf8')).toBe(`${privateKey}\n`);
    expect(statSync(file).mode & 0o777).toBe(0o640);
    expect(readFileSync(fixture.keyFile, 'utf8')).toBe(before);
  });

  it('is encrypted where a passphrase is configured, which becomes a part of the value', async () => {
    bench = await startBench();
    fixture = await startSftpFixture(bench);
    const passphrase = randomValue();
    fixture.account.passphrase = passphrase;
    await fixture.adopt(); // not encrypted itself
    ({ next } = await bench.rotate());

    await bench.attempt(() => fixture.sftp.generateKeyPair(next));
    await authorize();

    expect(await bench.store.unseal(next)).toMatchObject({ passphrase });
    expect(await bench.attempt(() => fixture.sftp.acceptsKey(next))).toMatchObject({ outcome: 'proved' });
  });

  it('goes when its key is gone, and the adopted one stays', async () => {
    await begin();
    await bench.attempt(() => fixture.sftp.placeKeyFile(next));
    await bench.store.move(next, 'discarding');

    await bench.attempt(() => fixture.sftp.removeKeyFile(next));
    await replaceless();

    expect(readdirSync(fixture.folder)).toEqual(['docuelevate_sftp']);
  });
  async function replaceless(): Promise<void> {
    await bench.store.note({ ...old, fence: next.fence }, { compromised: true });
    await bench.attempt(() => fixture.sftp.removeKeyFile({ ...old, fence: next.fence }));
    expect(existsSync(fixture.keyFile)).toBe(true);
  }
});

describe('an adoption', () => {
  it('may have been saved on Windows, as the key of adminKey may', async () => {
    bench = await startBench();
    fixture = await startSftpFixture(bench);
    writeFileSync(fixture.keyFile, readFileSync(fixture.keyFile, 'utf8').replaceAll('\n', '\r\n'));
    fixture.account.adminKey = fixture.account.adminKey.replaceAll('\n', '\r\n');

    const adopted = await fixture.adopt();

    expect(await bench.attempt(() => fixture.sftp.acceptsKey(adopted))).toMatchObject({ outcome: 'proved' });
  });

  it('is refused where the file holds another key than the one that is given', async () => {
    bench = await startBench();
    fixture = await startSftpFixture(bench);
    writeFileSync(fixture.keyFile, newLabKey().privateKey);

    await expect(fixture.adopt()).rejects.toThrow('it holds something else');
  });

  it('is refused where the server takes the key from elsewhere, and says what can be done', async () => {
    bench = await startBench();
    fixture = await startSftpFixture(bench);
    fixture.lab.text = fixture.lab.text.replace(fixture.lab.key.blob, newLabKey().blob);

    const failure = await failureOf(fixture.adopt());

    expect(failure.message).toContain('AuthorizedKeysCommand');
  });
});
