import { createServer, type AddressInfo } from 'node:net';
import type { FaultKind } from '../../../src/lab/faults.js';
import { type FtpLab, type FtpLabOptions, startFtpLab } from '../../../src/lab/ftp/server.js';
import { type TestAuthority, trustTestAuthority } from '../../support/authority.js';
import { randomValue } from '../bench.js';
import { ask, closed, everythingSaid } from './fixture.js';

let authority: TestAuthority;
beforeAll(async () => void (authority = await trustTestAuthority()));
afterAll(() => authority.remove());

let lab: FtpLab;
afterEach(() => lab.stop());

const password = randomValue();
const start = async (options: FtpLabOptions = {}): Promise<FtpLab> =>
  (lab = await startFtpLab({ password, ...options }));
const at = (security: string, more = {}) => {
  const { port, username } = lab;
  return { protocol: 'ftp', host: 'localhost', port, username, security, ...more };
};

it.each(['tls', 'implicit-tls', 'none'])(
  'tells with %s which password is accepted, with one login each, and closes its connection',
  async (security) => {
    await start(security === 'none' ? {} : { tls: authority.tls, implicit: security === 'implicit-tls' });

    expect(await ask(at(security), password)).toBe('accepted');
    expect(await ask(at(security), randomValue())).toBe('refused');

    expect(lab.logins.map(({ outcome }) => outcome)).toEqual(['accepted', 'refused']);
    expect(lab.lines.filter((line) => line.startsWith('PASS'))).toHaveLength(2);
    await closed(() => lab.open());
  },
);

it('sends neither name nor password where the server refuses TLS, although that is all it needs', async () => {
  await start();

  await expect(ask(at('tls'), password)).rejects.toThrow('FTP login got no usable answer (500)');

  expect(lab.lines.join('\n')).not.toMatch(/USER|PASS/);
});

it('sends neither where the certificate is another host’s', async () => {
  await start({ tls: authority.tls });

  await expect(ask(at('tls', { host: 'files.localhost' }), password)).rejects.toThrow('FTP login got no usable answer');

  expect(lab.lines.join('\n')).not.toMatch(/USER|PASS/);
});

it('decides nothing where the server wants TLS and the configuration says none', async () => {
  await start({ tls: authority.tls, wantsTls: true });

  expect(await ask(at('none'), password)).toMatch(/^cannot tell: the name alone .* answered 550/);
  expect(lab.logins).toEqual([]);
});

it('is never refused by a server that hangs up on everybody after too many wrong ones', async () => {
  await start({ lockAfter: 1 });
  expect(await ask(at('none'), randomValue())).toBe('refused');

  await expect(ask(at('none'), password)).rejects.toThrow('FTP login got no usable answer');
  await expect(ask(at('none'), randomValue())).rejects.toThrow('FTP login got no usable answer');
});

it.each<[string, FaultKind]>([
  ['fails for a time', { status: 503 }],
  ['cuts the connection before the login', 'reset-before'],
  ['cuts the connection after it', 'reset-after'],
])('is asked again later where the server %s', async (_, kind) => {
  await start();
  lab.faults.add({ method: 'LOGIN', path: '*', kind });

  await expect(ask(at('none'), password)).rejects.toThrow(/FTP login got no usable answer \(\w+\)/);
  expect(lab.requests).toHaveLength(1);
  expect(await ask(at('none'), password)).toBe('accepted');
});

it('names no password, whatever happens', async () => {
  await start({ tls: authority.tls });
  lab.faults.add({ method: 'LOGIN', path: '*', kind: { status: 503 } });
  const said: string[] = [];
  for (const security of ['tls', 'none', 'implicit-tls']) said.push(await everythingSaid(at(security), `x${password}`));
  said.push(await everythingSaid(at('none'), `${password}\r\nDELE everything`));

  expect(said.join('\n')).not.toContain(password);
});

it.each([
  ['welcomes the name alone', '230 Anonymous access granted', '230 x', /^cannot tell: the name alone .* answered 230/],
  [
    'is full',
    '331 go on',
    '530 Sorry, the maximum number of clients (5) for this user are already connected.',
    /answered 530/,
  ],
  ['has locked the account', '331 go on', '530 This account is temporarily locked', /answered 530/],
  ['wants another account', '331 go on', '332 Need account for login', /answered 332/],
])('decides nothing where the server %s', async (_, toUser, toPassword, told) => {
  await start();
  const server = createServer((socket) => {
    socket.write('220 hello\r\n');
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => socket.write(`${chunk.toString().startsWith('USER') ? toUser : toPassword}\r\n`));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

  expect(await ask(at('none', { port: (server.address() as AddressInfo).port }), password)).toMatch(told);
  await new Promise((resolve) => server.close(resolve));
});
