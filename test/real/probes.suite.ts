import { randomBytes } from 'node:crypto';
import { chmodSync } from 'node:fs';
import { dirname } from 'node:path';
import { probeOf, ProbeSection } from '../../activities/probes/probes.js';
import { runDirectly } from '../../activities/shared/scope.js';
import { CannotTell } from '../../activities/shared/outside-error.js';
import { newLabKey } from '../../src/lab/sftp/keys.js';
import { type TestAuthority, trustTestAuthority } from '../support/authority.js';
import { account, programOf, type RealServer, startApache, startDovecot, startProFtpd } from './servers.js';
import { type Sshd, startSshd } from './sshd.js';

/** Skipped, with the reason, where a program is not installed or the rights of root are missing. */
function describeReal(program: string, packages: string, body: () => void): void {
  const isHere = programOf(program) !== null && process.getuid?.() === 0;
  const why = isHere ? '' : ` (skipped: takes root and apt-get install -y ${packages})`;
  (isHere ? describe : describe.skip)(`${program}${why}`, body);
}

async function ask(section: unknown, value: string): Promise<string> {
  const probe = probeOf(ProbeSection.parse(section), () => Promise.reject(new Error('no secret is needed here')));
  try {
    return (await runDirectly({ workflowId: 'a test', runId: '1' }, () => probe.ask(value))).verdict;
  } catch (error) {
    if (error instanceof CannotTell) return `cannot tell: ${error.message}`;
    throw error;
  }
}

const [first, second] = [`first-${randomBytes(9).toString('hex')}`, `second-${randomBytes(9).toString('hex')}`];
let authority: TestAuthority;
let server: RealServer | undefined;
beforeAll(async () => {
  authority = await trustTestAuthority();
  chmodSync(dirname(authority.certificate), 0o755);
});
afterAll(() => authority.remove());

describeReal('dovecot', 'dovecot-imapd dovecot-submissiond', () => {
  beforeEach(async () => void (server = await startDovecot(authority, first)));
  afterEach(() => server?.stop());
  const at = (security: string, index: number) => ({
    ...{ host: 'localhost', port: server!.ports[index], username: account.mailbox, security },
  });

  it.each([
    ['imap', 'starttls', 0],
    ['imap', 'tls', 2],
    ['imap', 'none', 0],
    ['smtp', 'starttls', 1],
    ['smtp', 'tls', 3],
    ['smtp', 'none', 1],
  ])('tells by %s with %s which password it accepts', async (protocol, security, index) => {
    const section = { protocol, ...at(security, index) };

    expect([await ask(section, first), await ask(section, second)]).toEqual(['accepted', 'refused']);
    expect(server!.log().match(/Login: user=/g)).toHaveLength(1);
    expect(server!.log().match(/Password mismatch/g)).toHaveLength(1);
  });

  it('is not asked where its certificate is not trusted, and hears no password', async () => {
    authority.distrust();
    await expect(ask({ protocol: 'imap', ...at('tls', 2) }, first)).rejects.toThrow('IMAP login got no usable answer');
    await expect(ask({ protocol: 'smtp', ...at('starttls', 1) }, first)).rejects.toThrow('SMTP login got no usable');
    expect(server!.log()).not.toContain('Login: user');
    authority.remove();
    authority = await trustTestAuthority();
    chmodSync(dirname(authority.certificate), 0o755);
  });
});

describeReal('proftpd', 'proftpd-core proftpd-mod-crypto', () => {
  beforeEach(async () => void (server = await startProFtpd(authority, first)));
  afterEach(() => server?.stop());
  const at = (security: string, index = 0) => ({
    ...{ protocol: 'ftp', host: 'localhost', port: server!.ports[index], username: account.username, security },
  });

  it.each(['tls', 'none'])('tells with %s which password it accepts, before and after a change', async (security) => {
    expect([await ask(at(security), first), await ask(at(security), second)]).toEqual(['accepted', 'refused']);

    server!.setPassword(second);

    expect([await ask(at(security), first), await ask(at(security), second)]).toEqual(['refused', 'accepted']);
  });

  it('decides nothing where it wants TLS and the configuration says none', async () => {
    expect(await ask(at('none', 1), first)).toMatch(/^cannot tell: the name alone .* answered 5\d\d/);
    expect(await ask(at('tls', 1), first)).toBe('accepted');
  });
});

describeReal('apache2', 'apache2 apache2-utils', () => {
  beforeEach(async () => void (server = await startApache(first)));
  afterEach(() => server?.stop());
  const at = (path: string) => ({
    ...{ protocol: 'webdav', url: `http://127.0.0.1:${server!.ports[0]}/${path}`, username: account.username },
  });

  it('tells which password it accepts, before and after a change', async () => {
    expect([await ask(at('dav'), first), await ask(at('dav'), second)]).toEqual(['accepted', 'refused']);

    server!.setPassword(second);

    expect([await ask(at('dav'), first), await ask(at('dav'), second)]).toEqual(['refused', 'accepted']);
  });

  it('still accepts an old password from its cache', async () => {
    expect(await ask(at('cached'), first)).toBe('accepted');

    server!.setPassword(second);

    expect([await ask(at('cached'), first), await ask(at('cached'), second)]).toEqual(['accepted', 'refused']);
  });

  it('decides nothing in a folder for everybody, or in one that is not there', async () => {
    expect(await ask(at('open'), second)).toMatch(/^cannot tell: .* answers 207 to everybody/);
    expect(await ask(at('dav/nowhere'), first)).toMatch(/^cannot tell: .* answered 404/);
  });
});

describeReal('sshd', 'openssh-server', () => {
  let sshd: Sshd;
  beforeEach(async () => void (sshd = await startSshd('')));
  afterEach(() => sshd.stop());
  const at = (port: number, more = {}) => {
    const { username, hostKey } = sshd;
    return { protocol: 'sftp', host: '127.0.0.1', port, username, hostKey, ...more };
  };

  it('refuses a wrong password in one try, also where it hangs up at once', async () => {
    expect(await ask(at(sshd.passwordPort), second)).toBe('refused');
    expect(sshd.log().match(/Failed password for/g)).toHaveLength(1);
  });

  it('decides nothing where it takes keys alone, and gets no password with another host key', async () => {
    expect(await ask(at(sshd.port), first)).toMatch(/^cannot tell: .* offers no login by password/);
    const other = { hostKey: `ssh-ed25519 ${newLabKey().blob}` };
    await expect(ask(at(sshd.passwordPort, other), first)).rejects.toThrow('another host key');
    expect(sshd.log()).not.toContain('Failed password');
  });
});
