import { type AddressInfo, createServer } from 'node:net';
import type { FaultKind } from '../../../src/lab/faults.js';
import { type MailLab, type MailLabOptions, startMailLab } from '../../../src/lab/mail/server.js';
import { type TestAuthority, trustTestAuthority } from '../../support/authority.js';
import { randomValue } from '../bench.js';
import { ask, closed, everythingSaid } from './fixture.js';

let authority: TestAuthority;
beforeAll(async () => void (authority = await trustTestAuthority()));
afterAll(() => authority.remove());

let lab: MailLab | undefined;
afterEach(() => lab?.stop());

const password = randomValue();

async function start(options: MailLabOptions = {}): Promise<MailLab> {
  lab = await startMailLab({ password, ...options });
  return lab;
}

describe.each(['smtp', 'imap'] as const)('a login by %s', (protocol) => {
  const at = (security: string, more = {}) => {
    const { username } = lab!;
    return { protocol, host: 'localhost', port: lab![protocol].port, username, security, ...more };
  };

  it.each([
    ['none', {}],
    ['starttls', { offered: true }],
    ['tls', { offered: true, implicit: true }],
  ])(
    'tells with %s which password is accepted, with one login each, and closes its connection',
    async (security, tls) => {
      const { logins } = await start(tlsOf(tls));
      const server = lab![protocol];

      expect(await ask(at(security), password)).toBe('accepted');
      expect(await ask(at(security), randomValue())).toBe('refused');

      expect(logins.map(({ outcome }) => outcome)).toEqual(['accepted', 'refused']);
      expect(server.requests).toHaveLength(2);
      await closed(() => server.open());
    },
  );

  it('sends no password where TLS is configured and the server offers none', async () => {
    await start();

    const said = await everythingSaid(at('starttls'), password);

    expect(said).toMatch(/cannot tell|no usable answer/);
    expectNothingSent();
  });

  it('sends no password where the certificate is another host’s', async () => {
    await start(tlsOf({ offered: true }));

    const said = await everythingSaid(at('starttls', { host: 'mail.localhost' }), password);

    expect(said).toContain('no usable answer');
    expectNothingSent();
  });

  it('sends no password where the certificate is nobody’s', async () => {
    await start(tlsOf({ offered: true, implicit: true }));
    authority.distrust();

    const said = await everythingSaid(at('tls'), password);

    expect(said).toContain('no usable answer');
    expectNothingSent();
    authority.remove();
    authority = await trustTestAuthority();
  });

  it('decides nothing where logins are off without TLS, and the configuration says none', async () => {
    await start(tlsOf({ offered: true }));

    expect(await ask(at('none'), password)).toMatch(/^cannot tell: /);
    expectNothingSent();
  });

  it('is never refused by a locked account, with the right password or a wrong one', async () => {
    const { logins } = await start({ lockAfter: 1 });
    expect(await ask(at('none'), randomValue())).toBe('refused');

    await expect(ask(at('none'), password)).rejects.toThrow('no usable answer');
    await expect(ask(at('none'), randomValue())).rejects.toThrow('no usable answer');
    expect(logins).toHaveLength(3);
  });

  it.each<[string, FaultKind]>([
    ['fails for a time', { status: 503 }],
    ['cuts the connection before the login', 'reset-before'],
    ['cuts the connection after it', 'reset-after'],
  ])('is asked again later where the server %s', async (_, kind) => {
    await start();
    lab![protocol].faults.add({ method: 'LOGIN', path: '*', kind });

    await expect(ask(at('none'), password)).rejects.toThrow(/login got no usable answer \(\w+\)/);
    expect(lab![protocol].requests).toHaveLength(1);
    expect(await ask(at('none'), password)).toBe('accepted');
  });

  it('is asked again later where nobody is there', async () => {
    await start();
    const section = at('none');
    await lab!.stop();

    await expect(ask(section, password)).rejects.toThrow(/login got no usable answer/);
  });

  it('shows an old password as accepted while the server remembers it, and a new one that was asked too early as refused', async () => {
    let now = Date.now();
    const next = randomValue();
    await start({ clock: () => now, cache: { ms: 60_000, by: 'dovecot' } });
    expect(await ask(at('none'), password)).toBe('accepted');
    lab!.setPassword(next);
    expect(await ask(at('none'), password)).toBe('accepted');
    expect(await ask(at('none'), next)).toBe('accepted');
    expect(await ask(at('none'), password)).toBe('refused');

    const third = randomValue();
    expect(await ask(at('none'), third)).toBe('refused');
    lab!.setPassword(third);
    expect(await ask(at('none'), third)).toBe('refused');
    now += 60_000;
    expect(await ask(at('none'), third)).toBe('accepted');
    expect(lab!.working()).toEqual([third]);
  });

  it('names no password, whatever happens', async () => {
    await start(tlsOf({ offered: true }));
    const said: string[] = [];
    lab![protocol].faults.add({ method: 'LOGIN', path: '*', kind: { status: 503 } });
    for (const security of ['starttls', 'none', 'tls'])
      said.push(await everythingSaid(at(security), password), await everythingSaid(at(security), `wrong-${password}`));
    await lab!.stop();
    said.push(await everythingSaid(at('none'), password));

    expect(said.join('\n')).not.toContain(password);
    expect(said.join('\n')).not.toContain(Buffer.from(password).toString('base64').slice(4, -4));
  });

  function expectNothingSent(): void {
    expect(lab![protocol].lines.join('\n')).not.toMatch(/AUTH|LOGIN/);
    expect(lab!.logins).toEqual([]);
  }
});

function tlsOf({ offered = false, implicit = false }): Pick<MailLabOptions, 'tls' | 'implicit'> {
  return offered ? { tls: authority.tls, implicit } : {};
}

it('takes no mailbox for proof that lets everybody in', async () => {
  const server = createServer((socket) => {
    socket.write('* PREAUTH [CAPABILITY IMAP4rev1] welcome\r\n');
    socket.on('data', (chunk) => {
      const [tag = ''] = chunk.toString().split(' ');
      socket.write(`${tag} OK done\r\n`);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;

  const section = { protocol: 'imap', host: 'localhost', port, username: 'scans', security: 'none' };

  expect(await ask(section, password)).toContain('lets everybody in without a login');
  await new Promise((resolve) => server.close(resolve));
});

it('takes no mail server for proof that knows no logins', async () => {
  await start({ isOpen: true });
  const section = { protocol: 'smtp', host: 'localhost', port: lab!.smtp.port, username: 'scans', security: 'none' };

  expect(await ask(section, password)).toContain('the server names no AUTH');
});
