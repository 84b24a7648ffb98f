import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fingerprintOf } from '../../activities/sftp/key-pair.js';
import { createSftpActivities, type SftpActivities } from '../../activities/sftp/activities.js';
import type { SftpConnection } from '../../activities/sftp/client.js';
import { startDocuElevateLab } from '../../src/lab/docuelevate/server.js';
import type { Scenario } from '../../src/lab/scenario.js';
import { blobOf, blobsIn, newLabKey } from '../../src/lab/sftp/keys.js';
import { emergencyRevoke } from '../../workflows/rotation/messages.js';
import { type Bench, failureOf, randomValue, startBench } from '../activities/bench.js';
import { rehearse, type TestRehearsal } from '../support/rehearsal.js';
import { type Sshd, startSshd } from './sshd.js';

const [first, admin, person] = [newLabKey(), newLabKey(), newLabKey()];
const firstLine = `restrict ssh-ed25519 ${first.blob} docuelevate-sftp`;
const others = `# who may put documents here\nssh-ed25519 ${admin.blob} keyturn\nssh-ed25519 ${person.blob} docuelevate-sftp`;

let sshd: Sshd;
let keyFile: string;
beforeEach(async () => {
  sshd = await startSshd(`${firstLine}\n${others}`); // the last line does not end
  keyFile = join(sshd.folder, 'docuelevate_sftp');
  writeFileSync(keyFile, first.privateKey, { mode: 0o600 });
});
afterEach(() => sshd.stop());

const text = (): string => readFileSync(sshd.keysFile, 'utf8');

describe('rotations of a key of the real OpenSSH server', () => {
  let rehearsal: TestRehearsal;
  let engine: Awaited<ReturnType<typeof startDocuElevateLab>>;
  beforeEach(async () => {
    const { port, username, hostKey } = sshd;
    engine = await startDocuElevateLab({ sftp: { port, username, hostKey, privateKey: keyFile } });
    rehearsal = await rehearse(scenario());
  }, 60_000);
  afterEach(() => rehearsal.stop());

  const working = (): string[] => blobsIn(text()).filter((blob) => ![admin.blob, person.blob].includes(blob));
  const held = (): string | null => blobOf(readFileSync(engine.workerHolds('sftp_private_key') ?? '', 'utf8'));

  function scenario(): Scenario {
    const { port, username, hostKey } = sshd;
    const signIn = { username: engine.adminUsername, password: { file: './docuelevate-admin' } };
    const account = { host: '127.0.0.1', port, username, hostKey, adminKey: { file: './sftp-admin' }, keyFile };
    const provider = { ...account, authorizedKeys: sshd.keysFile };
    return {
      systems: { docuelevate: engine },
      credential: 'sftp',
      config: {
        engines: { docs: { kind: 'docuelevate', url: engine.url, admin: signIn } },
        credentials: { sftp: { procedure: 'sftp-private-key', engine: 'docs', provider, unseenUse: 'retire' } },
      },
      secretFiles: { 'docuelevate-admin': engine.adminPassword, 'sftp-admin': admin.privateKey.trim() },
      adopted: { privateKey: first.privateKey.trim(), publicKey: first.blob },
      consume: () => engine.use('sftp'),
      engineHolds: held,
      working,
      received: () => [],
      secrets: () => [],
      stop: () => engine.stop(),
    };
  }

  it('leave exactly one working key of ours after three in a row, and everybody else in', async () => {
    for (let round = 0; round < 3; round++) {
      const before = working();
      expect(await rehearsal.report(await rehearsal.begin())).toMatchObject({
        outcome: 'retired',
        oldCredential: 'refused',
        orphans: [],
      });
      expect(working()).toHaveLength(1);
      expect(before).not.toContain(working()[0]);
    }

    expect(text()).toBe(`${others}\n${text().split('\n').at(-2)}\n`);
    expect(text().split('\n').at(-2)).toMatch(/^restrict ssh-ed25519 \S+ docuelevate-sftp keyturn-sftp-v4$/);
    expect(held()).toBe(working()[0]);
    expect(await engine.use('sftp')).toBe(true);
    expect(
      sshd
        .log()
        .trimEnd()
        .split('\n')
        .findLast((line) => line.includes('Accepted publickey')),
    ).toContain(fingerprintOf(working()[0] ?? ''));
    expect(readdirSync(sshd.folder).filter((name) => name.startsWith('docuelevate_sftp'))).toHaveLength(2);
    expect(statSync(sshd.keysFile).mode & 0o777).toBe(0o600);
  }, 60_000);

  it('go back when a password could have let the document through', async () => {
    expect(await rehearsal.report(await rehearsal.begin())).toMatchObject({ outcome: 'retired' });
    const before = { working: working(), held: held() };
    engine.editSetting('sftp_password', randomValue(), 'somebody');

    expect(await rehearsal.report(await rehearsal.begin())).toMatchObject({ outcome: 'rolled-back', orphans: [] });

    expect({ working: working(), held: held() }).toEqual(before);
    expect(await engine.use('sftp')).toBe(true);
  }, 60_000);

  it('end a leaked key at once and put a new one in its place', async () => {
    const handle = await rehearsal.begin({ graceMs: 3_600_000 });

    await handle.signal(emergencyRevoke, { actor: 'test', reason: 'it leaked' });

    expect(await rehearsal.report(handle)).toMatchObject({ outcome: 'replaced', oldCredential: 'refused' });
    expect(working()).toEqual([held()]);
    expect(working()).not.toContain(first.blob);
    expect(blobsIn(text())).toEqual(expect.arrayContaining([admin.blob, person.blob]));
  }, 60_000);
});

describe('the real OpenSSH server', () => {
  let bench: Bench;
  let sftp: SftpActivities;
  let account: SftpConnection;
  beforeEach(async () => {
    bench = await startBench();
    const { port, username, hostKey, keysFile } = sshd;
    account = {
      ...{
        host: '127.0.0.1',
        port,
        username,
        hostKey,
        adminUsername: username,
        adminKey: async () => admin.privateKey,
      },
      ...{ authorizedKeys: keysFile, keyFile, keyFileInEngine: keyFile, passphrase: null, propagationMs: 0 },
    };
    sftp = createSftpActivities({ store: bench.store, account: async () => account });
  });
  afterEach(() => bench.close());

  it('takes a key file with a passphrase as we write it, by its own client', async () => {
    const passphrase = randomValue();
    account = { ...account, passphrase: async () => passphrase };
    const { next } = await bench.rotate();

    await bench.attempt(() => sftp.generateKeyPair(next));
    await bench.attempt(() => sftp.authorizeKey(next));
    await bench.attempt(() => sftp.placeKeyFile(next));

    expect(await bench.attempt(() => sftp.acceptsKey(next))).toMatchObject({ outcome: 'proved' });
    const { path = '' } = await bench.store.unseal(next);
    execFileSync('ssh-keygen', ['-p', '-P', passphrase, '-N', '', '-f', path], { stdio: 'pipe' });
    const options = ['IdentitiesOnly=yes', 'IdentityAgent=none', 'StrictHostKeyChecking=yes', 'BatchMode=yes'];
    writeFileSync(join(sshd.folder, 'known'), `[127.0.0.1]:${sshd.port} ${sshd.hostKey}\n`);
    options.push(`UserKnownHostsFile=${join(sshd.folder, 'known')}`);
    const arguments_ = [...options.flatMap((option) => ['-o', option]), '-i', path, '-P', String(sshd.port), '-b', '-'];
    execFileSync('sftp', [...arguments_, `${sshd.username}@127.0.0.1`], { input: 'pwd\n', stdio: 'pipe' });
  });

  it('takes the very answer of ours for a key that is gone, and lets the next one in beside it', async () => {
    const adopted = await bench.adopt({ privateKey: first.privateKey.trim() });
    await bench.attempt(() => sftp.identifyKey(adopted));
    const { current, next } = await bench.rotate();
    await bench.attempt(() => sftp.generateKeyPair(next));
    await bench.attempt(() => sftp.authorizeKey(next));
    expect(await bench.attempt(() => sftp.acceptsKey(current!))).toMatchObject({ outcome: 'proved' });
    await bench.promote(next);

    await bench.attempt(() => sftp.removeKey(current!));

    expect(await bench.attempt(() => sftp.refusesKey(current!))).toMatchObject({ outcome: 'proved' });
    expect(sshd.log()).toContain(`Failed publickey for ${sshd.username}`);
  });

  it('turns a key away at once whose line is switched off, and lets it in at once when it is on again', async () => {
    const adopted = await bench.adopt({ privateKey: first.privateKey.trim() });
    await bench.attempt(() => sftp.identifyKey(adopted));
    const { current, next } = await bench.rotate();
    await bench.attempt(() => sftp.generateKeyPair(next));
    await bench.attempt(() => sftp.authorizeKey(next));
    await bench.attempt(() => sftp.acceptsKey(current!));
    await bench.promote(next);
    const before = { text: text(), rights: statSync(sshd.keysFile).mode };
    const old = { ...current!, fence: next.fence };

    await bench.attempt(() => sftp.disableKey(old));

    expect(blobsIn(text())).not.toContain(first.blob);
    expect(await bench.attempt(() => sftp.refusesKey(old))).toMatchObject({ outcome: 'proved' });
    expect(await bench.attempt(() => sftp.acceptsKey(next))).toMatchObject({ outcome: 'proved' });
    await bench.attempt(() => sftp.enableKey(old));
    expect(await bench.attempt(() => sftp.acceptsKey(old))).toMatchObject({ outcome: 'proved' });
    expect({ text: text(), rights: statSync(sshd.keysFile).mode }).toEqual(before);
    const verdicts = sshd.log().match(/(?:Accepted|Failed) publickey .*/g) ?? [];
    expect(verdicts.filter((line) => line.includes(fingerprintOf(first.blob))).map((line) => line.slice(0, 8))).toEqual(
      [...['Accepted', 'Failed p', 'Accepted', 'Accepted']],
    );
  });

  it('turns a key away also where it allows one try, and lets the next one in for a time of its own', async () => {
    const adopted = await bench.adopt({ privateKey: first.privateKey.trim() });
    await bench.attempt(() => sftp.identifyKey(adopted));
    const { current, next } = await bench.rotate();
    await bench.attempt(() => sftp.generateKeyPair(next));
    account = { ...account, port: sshd.strictPort };
    expect(await bench.attempt(() => sftp.acceptsKey(next))).toMatchObject({ outcome: 'failed' });
    writeFileSync(sshd.keysFile, `expiry-time="20200101",${text()}`);
    expect(await bench.attempt(() => sftp.acceptsKey(current!))).toMatchObject({ outcome: 'failed' });

    await bench.attempt(() => sftp.authorizeKey(next));

    expect(await bench.attempt(() => sftp.acceptsKey(next))).toMatchObject({ outcome: 'proved' });
    expect(text().split('\n').at(-2)).toMatch(/^restrict ssh-ed25519 /);
  });

  it('is not believed with another host key', async () => {
    account = { ...account, hostKey: `ssh-ed25519 ${newLabKey().blob}` };
    const adopted = await bench.adopt({ privateKey: first.privateKey.trim() });

    const failure = await failureOf(bench.attempt(() => sftp.identifyKey(adopted)));

    expect(failure.message).toContain('another host key');
    expect(sshd.log()).not.toContain('Accepted publickey');
  });

  it('is left alone, and the alternatives are named, where the account is jailed', async () => {
    const { jailedPort } = sshd;
    if (jailedPort === null) return console.log('skipped: a jail (ChrootDirectory) takes root');
    account = { ...account, port: jailedPort, authorizedKeys: '.ssh/authorized_keys' };

    const [login, file] = await bench.attempt(() => sftp.checkAccess(bench.credential));

    expect(login).toMatchObject({ ok: true });
    expect(file).toMatchObject({ ok: false, detail: expect.stringContaining('ChrootDirectory') as string });
  });

  it('finds its file again where everything is in order, with nothing left behind', async () => {
    const adopted = await bench.adopt({ privateKey: first.privateKey.trim() });
    await bench.attempt(() => sftp.identifyKey(adopted));
    const before = readdirSync(sshd.folder);

    const checks = await bench.attempt(() => sftp.checkAccess(bench.credential));

    expect(checks.map(({ ok }) => ok)).toEqual([true, true, true]);
    expect(readdirSync(sshd.folder)).toEqual(before);
  });
});
