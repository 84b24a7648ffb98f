import type { Rotated } from '../../../activities/docuelevate/logins.js';
import { type Bench, startBench } from '../bench.js';
import { type DocuElevateFixture, startDocuElevateFixture } from './fixture.js';

let bench: Bench;
let fixture: DocuElevateFixture;
afterEach(async () => {
  await fixture.stop();
  await bench.close();
});

type Settings = Readonly<Record<string, string>>;

const login = (name: string, host: string, password: string, username = 'scans@example.com'): Settings => ({
  [`${name}_host`]: host,
  [`${name}_username`]: username,
  [`${name}_password`]: password,
});
const web = (url: string, setting: 'webdav_url' | 'nextcloud_upload_url', password: string): Settings => {
  const [name = ''] = setting.split('_');
  return { [setting]: url, [`${name}_username`]: 'scans', [`${name}_password`]: password };
};

async function start(...environment: readonly Settings[]): Promise<void> {
  bench = await startBench();
  fixture = await startDocuElevateFixture(bench, { environment: Object.assign({}, ...environment) as Settings });
}

const shared = (rotated: Rotated = {}) =>
  bench.attempt(() => fixture.docuelevate.sharedLogins({ credential: bench.credential, rotated }));
const groups = async (rotated?: Rotated) => (await shared(rotated)).map(({ settings }) => settings);
const by = (credential: string) => ({ credential, part: 'value' });

it('finds one mailbox behind sending, delivering and reading, once', async () => {
  await start(
    login('email', 'smtp.example.com', 'the-password'),
    login('dest_email', 'SMTP.example.com.', 'the-password'),
    login('imap1', 'imap.example.com', 'the-password'),
    login('imap2', 'imap.example.com', 'the-password', 'others@example.com'),
  );

  expect(await shared()).toEqual([
    {
      settings: ['email_password', 'dest_email_password', 'imap1_password'],
      ...{ username: 'scans@example.com', hosts: ['smtp.example.com', 'imap.example.com'] },
    },
  ]);
});

it('finds one account behind file servers of one host, whatever the address looks like', async () => {
  await start(
    web('https://files.example.com/remote.php/dav/files/scans/', 'nextcloud_upload_url', 'the-password'),
    web('https://files.example.com:8443/dav/', 'webdav_url', 'the-password'),
    login('ftp', 'files.example.com', 'the-password', 'scans'),
    login('sftp', 'sftp.example.com', 'the-password', 'scans'),
  );

  expect(await groups()).toEqual([['nextcloud_password', 'webdav_password', 'ftp_password']]);
});

it('takes addresses and names of containers for no domain', async () => {
  await start(
    ...[login('email', '10.1.2.3', 'the-password'), login('imap1', '11.1.2.3', 'the-password')],
    ...[login('dest_email', 'smtp.local', 'the-password'), login('imap2', 'imap.local', 'the-password')],
  );

  expect(await groups()).toEqual([]);
});

it('says nothing of what one entry rotates, and of what rotates by that and by none', async () => {
  await start(login('email', 'mail.example.com', 'the-password'), login('imap1', 'mail.example.com', 'the-password'));

  expect(await groups({ email_password: by('mail'), imap1_password: by('mail') })).toEqual([]);
  expect(await groups({ email_password: by('mail') })).toEqual([['email_password', 'imap1_password']]);
  expect(await groups({ email_password: by('mail'), imap1_password: by('box') })).toHaveLength(1);
});

it('knows two passwords by what DocuElevate shows of them', async () => {
  await start(
    login('email', 'mail.example.com', 'the-password'),
    login('imap1', 'mail.example.com', 'an-app-password'),
  );

  expect(await groups()).toEqual([]);
});

it('knows two passwords by their values where two credentials rotate them, though they look alike', async () => {
  await start(login('email', 'mail.example.com', 'the-password'), login('imap1', 'mail.example.com', 'the-passw0rd'));
  const rotated: Rotated = { email_password: by(bench.credential), imap1_password: by('box') };
  expect(await groups(rotated)).toHaveLength(1);

  const adopt = (name: string, value: string) =>
    bench.store.adopt({
      credential: { name, procedure: 'by-hand', account: name },
      ...{ parts: { value }, soleUser: true, actor: 'test', claims: [] },
    });
  await adopt(bench.credential, 'the-password');
  expect(await groups(rotated)).toHaveLength(1);
  await adopt('box', 'the-passw0rd');

  expect(await groups(rotated)).toEqual([]);
});

it('still tells when a rotation has left the earlier password behind', async () => {
  await start(login('email', 'mail.example.com', 'the-new-one!'), login('imap1', 'mail.example.com', 'a-former-one'));
  const rotated: Rotated = { email_password: by(bench.credential) };
  await bench.adopt({ value: 'a-former-one' });
  const { next } = await bench.rotate();
  await bench.give(next, { value: 'the-new-one!' });
  await bench.promote(next);

  expect(await groups(rotated)).toEqual([['email_password', 'imap1_password']]);
});
