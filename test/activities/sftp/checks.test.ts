import { rmSync } from 'node:fs';
import { withKeyOff } from '../../../activities/sftp/authorized-keys.js';
import { sftpListing } from '../../../activities/sftp/survey.js';
import { newLabKey } from '../../../src/lab/sftp/keys.js';
import type { SftpLabOptions } from '../../../src/lab/sftp/server.js';
import { type Bench, failureOf, startBench } from '../bench.js';
import { type SftpFixture, startSftpFixture } from './fixture.js';

let bench: Bench;
let fixture: SftpFixture;

async function begin(options: SftpLabOptions = {}): Promise<void> {
  bench = await startBench();
  fixture = await startSftpFixture(bench, options);
}
afterEach(async () => {
  await fixture.stop();
  await bench.close();
});

const check = () => bench.attempt(() => fixture.sftp.checkAccess(bench.credential));
const survey = () => bench.attempt(() => fixture.sftp.survey(bench.credential));

it('finds everything in order, and leaves nothing behind', async () => {
  await begin();
  await fixture.adopt();
  const before = [...fixture.lab.files.all.keys()];

  expect(await check()).toEqual([
    { what: 'login as docuelevate', ok: true, detail: 'works, with the key of adminKey and the pinned host key' },
    { what: '.ssh/authorized_keys', ok: true, detail: 'can be replaced; 2 keys, 1 of them ours' },
    { what: 'keyFile', ok: true, detail: expect.stringContaining('can be read') as string },
  ]);
  expect([...fixture.lab.files.all.keys()]).toEqual(before);
});

it('tells of a line of our key that ends', async () => {
  await begin();
  await fixture.adopt();
  fixture.lab.text = fixture.lab.text.replace(
    `ssh-ed25519 ${fixture.lab.key.blob}`,
    (line) => `expiry-time="20991231" ${line}`,
  );

  expect((await check())[1]).toMatchObject({ ok: true, warning: true });
  expect((await check())[1]?.detail).toContain('expires at 20991231 (expiry-time)');
});

it.each(['chroot', 'central'] as const)(
  'says where authorized_keys cannot be written (%s), and names the alternatives',
  async (placement) => {
    await begin({ placement });

    const [, file] = await check();

    expect(file).toMatchObject({ ok: false });
    for (const alternative of ['ChrootDirectory', 'central file', 'adminUsername', 'AuthorizedKeysCommand', 'SFTPGo'])
      expect(file?.detail).toContain(alternative);
  },
);

it('says the same of an administrator who may read the file and not change it', async () => {
  await begin();
  const { reader, keysFile } = fixture.lab;
  Object.assign(fixture.account, { adminUsername: reader.name, adminKey: reader.privateKey, authorizedKeys: keysFile });

  const [login, file] = await check();

  expect(login).toMatchObject({ ok: true });
  expect(file?.detail).toContain('does not allow');
  expect(file?.detail).toContain('central file');
});

it('says that the key which is rotated cannot be the one to rotate it with', async () => {
  await begin();
  await fixture.adopt();
  fixture.account.adminKey = fixture.lab.key.privateKey;

  expect(await check()).toEqual([
    expect.objectContaining({ ok: false, detail: expect.stringContaining('give Keyturn another key') as string }),
  ]);
});

it('says which key of adminKey does not get in, and which host key is another one', async () => {
  await begin();
  fixture.account.adminKey = newLabKey().privateKey;
  const [refused] = await check();
  fixture.account.hostKey = `ssh-ed25519 ${newLabKey().blob}`;
  const [stranger] = await check();

  expect(refused).toMatchObject({
    ok: false,
    detail: expect.stringContaining('refuses docuelevate with adminKey') as string,
  });
  expect(stranger).toMatchObject({ ok: false, detail: expect.stringContaining('another host key') as string });
});

it('says that the key file is missing', async () => {
  await begin();
  rmSync(fixture.keyFile);

  expect((await check()).at(-1)).toMatchObject({ what: 'keyFile', ok: false });
});

it("surveys what is let in: our versions, other people's keys, and not Keyturn's own", async () => {
  await begin();
  await fixture.adopt();
  const stranger = newLabKey();
  fixture.lab.text += `ssh-ed25519 ${stranger.blob} a person\n`;

  expect(await survey()).toMatchObject({
    versions: [{ number: 1, verdict: 'accepted' }],
    orphans: [{ name: 'a person', madeFor: null }],
  });
  fixture.lab.text = fixture.lab.text.replace(fixture.lab.key.blob, newLabKey().blob);

  expect((await survey()).versions).toEqual([{ number: 1, verdict: 'refused', lastUsedAt: null }]);
});

it('lists an old key that is switched off as one that is still there, and asks nobody with it', async () => {
  await begin();
  await fixture.adopt();
  const { next } = await bench.rotate();
  await bench.attempt(() => fixture.sftp.generateKeyPair(next));
  await bench.attempt(() => fixture.sftp.authorizeKey(next));
  await bench.promote(next);
  const stranger = newLabKey();
  fixture.lab.text = withKeyOff(`${fixture.lab.text}ssh-ed25519 ${stranger.blob} a person\n`, stranger.blob);
  fixture.lab.text = withKeyOff(fixture.lab.text, fixture.lab.key.blob);

  expect(await survey()).toMatchObject({
    versions: [
      { number: 1, verdict: 'listed' },
      { number: 2, verdict: 'accepted' },
    ],
    orphans: [{ name: 'a person, switched off' }],
  });
  expect(fixture.lab.failedLogins()).toBe(0);
  expect((await check())[1]?.detail).toBe('can be replaced; 2 keys, 1 of them ours, and 1 of ours switched off');
});

it('says how the key that is in force can be switched on again', async () => {
  await begin();
  await fixture.adopt();
  fixture.lab.text = withKeyOff(fixture.lab.text, fixture.lab.key.blob);

  expect((await check())[1]).toMatchObject({
    ok: false,
    detail: expect.stringContaining('remove "# switched off by keyturn: "') as string,
  });
  expect((await survey()).versions).toEqual([{ number: 1, verdict: 'refused', lastUsedAt: null }]);
  expect((await failureOf(fixture.adopt())).message).toContain('is switched off in .ssh/authorized_keys');
});

it('lists what has ended and was let in again as one that is still there', async () => {
  await begin();
  await fixture.adopt();
  const { next } = await bench.rotate();
  await bench.attempt(() => fixture.sftp.generateKeyPair(next));
  await bench.promote(next);
  await bench.store.move({ ...next, number: 1 }, 'retired', 'proved');

  expect((await survey()).versions[0]).toEqual({ number: 1, verdict: 'listed', lastUsedAt: null });
});

it('lists and ends what is switched off, where there is no store to ask', async () => {
  await begin();
  fixture.lab.text = withKeyOff(fixture.lab.text, fixture.lab.key.blob);
  const { adminKey, ...account } = fixture.account;
  const listing = sftpListing({ ...account, adminKey: async () => adminKey, passphrase: null });

  const [listed, ...others] = await bench.attempt(() => listing.list());
  await bench.attempt(() => listing.end(listed?.id ?? ''));

  expect(listed?.name).toBe('docuelevate-sftp, switched off');
  expect(others).toEqual([]);
  expect(fixture.lab.text).not.toContain(fixture.lab.key.blob);
});
