import ssh2, { type AnyAuthMethod, type Client, type SFTPWrapper } from 'ssh2';
import { nameOf, newLabKey } from '../../src/lab/sftp/keys.js';
import { type SftpLab, type SftpLabOptions, startSftpLab } from '../../src/lab/sftp/server.js';

let lab: SftpLab;
const clients: Client[] = [];
async function start(options: SftpLabOptions = {}): Promise<void> {
  lab = await startSftpLab(options);
}
afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  await lab.stop();
});

function login(method: AnyAuthMethod): Promise<Client> {
  const client = new ssh2.Client();
  clients.push(client);
  const connected = new Promise<Client>((resolve, reject) => {
    client.on('ready', () => resolve(client)).on('error', reject);
  });
  client.connect({
    host: '127.0.0.1',
    port: lab.port,
    username: method.username,
    authHandler: [method],
    hostVerifier: () => true,
  });
  client.setNoDelay(true);
  return connected;
}
const withKey = (key: string, username = lab.username) => login({ type: 'publickey', username, key });
const filesOf = (client: Client) =>
  new Promise<SFTPWrapper>((resolve, reject) => client.sftp((error, sftp) => (error ? reject(error) : resolve(sftp))));
const read = (sftp: SFTPWrapper, path: string) =>
  new Promise<string>((resolve, reject) =>
    sftp.readFile(path, (error, content) => (error ? reject(error) : resolve(content.toString()))),
  );
const done = (act: (callback: (error?: Error | null) => void) => void) =>
  new Promise<void>((resolve, reject) => act((error) => (error ? reject(error) : resolve())));

it('lets in whose key is in the file, and nobody else', async () => {
  await start();
  const stranger = newLabKey();

  await withKey(lab.key.privateKey);
  await expect(withKey(stranger.privateKey)).rejects.toThrow('authentication');

  expect(lab.accepted()).toEqual([lab.key.blob, lab.admin.blob]);
  expect(lab.failedLogins()).toBe(1);
});

it('takes the password beside the key', async () => {
  await start();

  await login({ type: 'password', username: lab.username, password: lab.password });

  await expect(login({ type: 'password', username: lab.username, password: 'wrong' })).rejects.toThrow();
});

it('glues two keys together where the last line does not end', async () => {
  await start();
  const another = newLabKey();

  lab.text = `${lab.text.trimEnd()}ssh-ed25519 ${another.blob} another\n`;

  expect(lab.accepted()).not.toContain(another.blob);
});

it('lets nobody in by a file that others may write', async () => {
  await start();
  const sftp = await filesOf(await withKey(lab.key.privateKey));

  await done((callback) => sftp.chmod('.ssh/authorized_keys', 0o666, callback));

  expect(lab.accepted()).toEqual([]);
});

it('lets nobody in by a file that the account may not read', async () => {
  await start();
  const file = lab.files.all.get(lab.keysFile)!;

  lab.files.put(lab.keysFile, { ...file, uid: 0 });

  expect(lab.accepted()).toEqual([]);
});

it.each(['expiry-time="20200101"', 'from="203.0.113.0/24,!127.0.0.1"'])(
  'turns a key away by its options: %s',
  async (options) => {
    await start();

    lab.text = `${options} ssh-ed25519 ${lab.key.blob}\nssh-ed25519 ${lab.admin.blob}\n`;

    expect(lab.accepted()).toEqual([lab.admin.blob]);
    lab.text += `expiry-time="20990101",from="127.0.0.0/8" ssh-ed25519 ${lab.key.blob}\n`;
    expect(lab.accepted()).toContain(lab.key.blob);
  },
);

it('lets a locked account in by nothing, and writes down why', async () => {
  await start();
  lab.account.state = 'locked';

  await expect(withKey(lab.key.privateKey)).rejects.toThrow('authentication');
  await expect(login({ type: 'password', username: lab.username, password: lab.password })).rejects.toThrow();

  expect(lab.log()).toContain('not allowed because account is locked');
});

it('hangs up with words of its own when somebody was turned away too often', async () => {
  await start({ maxAuthTries: 1 });

  await expect(withKey(newLabKey().privateKey)).rejects.toThrow('Too many authentication failures');
  await withKey(lab.key.privateKey);
});

it('writes down which key somebody came in with', async () => {
  await start();

  await withKey(lab.key.privateKey);

  expect(lab.log()).toMatch(`Accepted publickey for ${lab.username} from 127.0.0.1 port`);
  expect(lab.log()).toContain(nameOf(lab.key.blob));
  expect(lab.log()).not.toContain(nameOf(lab.admin.blob));
});

it('shows a file that is written in place half written', async () => {
  await start();
  const sftp = await filesOf(await withKey(lab.key.privateKey));

  await new Promise<void>((resolve) => sftp.open('.ssh/authorized_keys', 'w', () => resolve()));

  expect(lab.accepted()).toEqual([]);
});

it("replaces a file by OpenSSH's rename only", async () => {
  await start();
  const sftp = await filesOf(await withKey(lab.key.privateKey));
  await done((callback) => sftp.writeFile('new', 'content', callback));

  await expect(done((callback) => sftp.rename('new', '.ssh/authorized_keys', callback))).rejects.toThrow();
  await done((callback) => sftp.ext_openssh_rename('new', '.ssh/authorized_keys', callback));

  expect(lab.text).toBe('content');
});

it.each(['central', 'chroot'] as const)('keeps the file out of reach where it is %s', async (placement) => {
  await start({ placement });
  const sftp = await filesOf(await withKey(lab.key.privateKey));

  await expect(read(sftp, '.ssh/authorized_keys')).rejects.toThrow();
  await expect(done((callback) => sftp.writeFile(lab.keysFile, 'mine', callback))).rejects.toThrow();
  const root = await filesOf(await withKey(lab.root.privateKey, 'root'));

  expect(await read(root, lab.keysFile)).toContain(lab.key.blob);
  if (placement === 'chroot') await expect(read(sftp, lab.keysFile)).rejects.toThrow();
});

it('cuts the connection after it renamed, when it is told to', async () => {
  await start();
  const sftp = await filesOf(await withKey(lab.key.privateKey));
  await done((callback) => sftp.writeFile('new', 'content', callback));
  lab.faults.add({ method: 'RENAME', path: '/authorized_keys', kind: 'reset-after' });

  await expect(done((callback) => sftp.ext_openssh_rename('new', '.ssh/authorized_keys', callback))).rejects.toThrow();

  expect(lab.text).toBe('content');
});
