import ssh2 from 'ssh2';
import type { FaultKind } from '../../../src/lab/faults.js';
import { newLabKey } from '../../../src/lab/sftp/keys.js';
import { type SftpLab, type SftpLabOptions, startSftpLab } from '../../../src/lab/sftp/server.js';
import { randomValue } from '../bench.js';
import { ask, everythingSaid } from './fixture.js';

let lab: SftpLab;
afterEach(() => lab.stop());

const password = randomValue();

async function start(options: SftpLabOptions = {}): Promise<void> {
  lab = await startSftpLab(options);
  lab.account.password = password;
}
const at = (more = {}) => {
  const { port, username, hostKey } = lab;
  return { protocol: 'sftp', host: '127.0.0.1', port, username, hostKey, ...more };
};

it('tells which password is accepted, with one login each and no key', async () => {
  await start();

  expect(await ask(at(), password)).toBe('accepted');
  expect(await ask(at(), randomValue())).toBe('refused');

  expect(lab.requests.map(({ method, status }) => `${method} ${status}`)).toEqual(['LOGIN 200', 'LOGIN 401']);
  expect(lab.log()).not.toContain('publickey');
});

it('takes a server that hangs up at once for one that refuses, as sshd does with MaxAuthTries 1', async () => {
  await start({ maxAuthTries: 1 });

  expect(await ask(at(), randomValue())).toBe('refused');
  expect(await ask(at(), password)).toBe('accepted');
});

it('decides nothing where the server takes keys alone, and sends it no password', async () => {
  await start({ takesPasswords: false });

  expect(await ask(at(), password)).toContain('offers no login by password');
  expect(lab.requests).toEqual([]);
});

it('sends nothing to a server with another host key', async () => {
  await start();

  await expect(ask(at({ hostKey: `ssh-ed25519 ${newLabKey().blob}` }), password)).rejects.toThrow('another host key');
  expect(lab.requests).toEqual([]);
});

it.each<FaultKind>(['reset-before', 'reset-after'])('is asked again later after a %s', async (kind) => {
  await start();
  lab.faults.add({ method: 'LOGIN', path: '*', kind });

  await expect(ask(at(), password)).rejects.toThrow('SFTP connect got no usable answer');
  expect(await ask(at(), password)).toBe('accepted');
});

it('names no password, whatever happens', async () => {
  await start();
  const said = [await everythingSaid(at(), `wrong-${password}`)];
  lab.faults.add({ method: 'LOGIN', path: '*', kind: 'reset-before' });
  said.push(await everythingSaid(at(), password));

  expect(said.join('\n')).not.toContain(password);
});

it.each([
  ['lets everybody in', (context: ssh2.AuthContext) => context.accept(), 'lets everybody in without a password'],
  [
    'wants a second factor after the right password',
    (context: ssh2.AuthContext) =>
      context.method === 'none' ? context.reject(['password']) : context.reject(['keyboard-interactive'], true),
    'asks for a second factor',
  ],
])('decides nothing where the server %s', async (_, answer, told) => {
  await start();
  const key = newLabKey();
  const server = new ssh2.Server({ hostKeys: [key.privateKey] }, (client) => {
    client.on('error', () => undefined).on('authentication', answer);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };

  expect(await ask(at({ port, hostKey: `ssh-ed25519 ${key.blob}` }), password)).toContain(told);
  await new Promise<void>((resolve) => server.close(() => resolve()));
});
