import { CancelledFailure } from '@temporalio/common';
import { converse } from '../../../activities/probes/login.js';
import { deadlineMs } from '../../../activities/probes/probe.js';
import { addressesOf, probeOf, ProbeSection } from '../../../activities/probes/probes.js';
import { acceptedBy, type Prober, refusedAt } from '../../../activities/shared/probes.js';
import { CannotTell } from '../../../activities/shared/outside-error.js';
import { runDirectly } from '../../../activities/shared/scope.js';
import { toFailure } from '../../../activities/shared/to-failure.js';
import type { VersionRef } from '../../../src/domain/version.js';
import { type MailLab, startMailLab } from '../../../src/lab/mail/server.js';
import { type Bench, randomValue, startBench } from '../bench.js';

const noSecret = (): Promise<string> => Promise.reject(new Error('no secret is needed here'));

describe('as proof of a version', () => {
  const [old, fresh] = [randomValue(), randomValue()];
  let bench: Bench;
  let lab: MailLab;
  let prober: Prober;
  let versions: { readonly current: VersionRef; readonly next: VersionRef };
  beforeEach(async () => {
    bench = await startBench();
    lab = await startMailLab({ password: old });
    const { username, imap } = lab;
    const section = { protocol: 'imap', host: 'localhost', port: imap.port, username, security: 'none' };
    const probe = probeOf(ProbeSection.parse(section), noSecret);
    prober = { ...probe, propagationMs: 0, noun: 'password', ask: ({ password = '' }) => probe.ask(password) };
    await bench.adopt({ password: old });
    const { current, next } = await bench.rotate();
    await bench.give(next, { password: fresh });
    versions = { current: current!, next };
  });
  afterEach(async () => {
    await lab.stop();
    await bench.close();
  });
  const unclearAbout = (value: string, why: string): Prober => {
    const known = prober;
    return {
      ...known,
      ask: (parts) => (parts['password'] === value ? Promise.reject(new CannotTell(why)) : known.ask(parts)),
    };
  };
  const accepts = (ref: VersionRef) => bench.attempt(() => acceptedBy(prober, bench.store, ref));
  const refuses = (ref: VersionRef) => bench.attempt(() => refusedAt(prober, bench.store, ref));

  it('shows that a password is accepted, and that the old one is refused while the new one is accepted', async () => {
    const { current, next } = versions;
    expect(await accepts(current)).toMatchObject({ outcome: 'proved' });
    lab.setPassword(fresh);
    expect(await accepts(next)).toMatchObject({
      outcome: 'proved',
      detail: `an IMAP login at localhost:${lab.imap.port} as scans@example.com answered OK`,
    });
    await bench.promote(next);

    expect(await refuses({ ...current, fence: next.fence })).toMatchObject({
      outcome: 'proved',
      detail: expect.stringMatching(
        /answered NO \[AUTHENTICATIONFAILED\], while it accepted the current password$/,
      ) as string,
    });
    expect(lab.logins.filter(({ outcome }) => outcome === 'refused')).toHaveLength(1);
  });

  it.each(['accepted', 'refused'] as const)(
    'says that nothing can be observed, and why, where an answer does not show whether a value is %s',
    async (kind) => {
      const why = 'the server said something that nobody knows';
      prober = { ...prober, ask: () => Promise.reject(new CannotTell(why)) };

      const finding = await (kind === 'accepted' ? accepts(versions.next) : refuses(versions.current));

      expect(finding).toEqual({ kind, outcome: 'not-observable', detail: why });
      const ref = kind === 'accepted' ? versions.next : versions.current;
      expect((await bench.store.evidence(ref)).map(({ outcome }) => outcome)).toEqual(['not-observable']);
    },
  );

  it('is no proof of an end where the answer about the current version shows nothing', async () => {
    const { current, next } = versions;
    lab.setPassword(fresh);
    await bench.promote(next);
    const why = 'the current one got an answer that nobody knows';
    prober = unclearAbout(fresh, why);

    expect(await refuses({ ...current, fence: next.fence })).toMatchObject({ outcome: 'not-observable', detail: why });
  });

  it('still says that an old value is accepted where the answer about the current version shows nothing', async () => {
    const { current, next } = versions;
    await bench.promote(next);
    prober = unclearAbout(fresh, 'unclear');

    expect(await refuses({ ...current, fence: next.fence })).toMatchObject({
      outcome: 'failed',
      detail: expect.stringContaining('still accepts the password') as string,
    });
  });

  it('asks a person where a question outside a proof is not answered', () => {
    expect(toFailure(new CannotTell('why'))).toMatchObject({ type: 'NeedsDecision', message: 'why' });
  });
});

describe('a login', () => {
  afterEach(() => jest.useRealTimers());

  it('ends at its deadline, and closes its connection', async () => {
    jest.useFakeTimers();
    let closed = 0;
    const login = runDirectly({ workflowId: 'a test', runId: '1' }, () =>
      converse({ system: 'SMTP', run: () => new Promise(() => undefined), close: () => void (closed += 1) }),
    );
    const ended = expect(login).rejects.toThrow('SMTP login got no usable answer (TIMEOUT)');

    await jest.advanceTimersByTimeAsync(deadlineMs);

    await ended;
    expect(closed).toBe(1);
  });

  it('ends with its activity, and does not begin in one that has ended', async () => {
    const controller = new AbortController();
    let begun = 0;
    const login = () =>
      runDirectly(
        { workflowId: 'a test', runId: '1' },
        () =>
          converse({
            system: 'SMTP',
            run: () => new Promise(() => void (begun += 1)),
            close: () => undefined,
          }),
        { signal: controller.signal },
      );
    const running = login();

    controller.abort();

    await expect(running).rejects.toThrow(CancelledFailure);
    await expect(login()).rejects.toThrow(CancelledFailure);
    expect(begun).toBe(1);
  });
});

describe('a section', () => {
  const login = { host: 'mail.example.com', username: 'scans@example.com' };

  it.each([
    [{ protocol: 'smtp', ...login }, 'smtp://mail.example.com:587'],
    [{ protocol: 'imap', ...login }, 'imap://mail.example.com:993'],
    [{ protocol: 'ftp', ...login }, 'ftp://mail.example.com:21'],
    [{ protocol: 'webdav', url: 'https://dav.example.com/files/', username: 'scans' }, 'https://dav.example.com/files'],
    [{ protocol: 'http', url: 'https://api.example.com/v1/' }, 'https://api.example.com/v1/'],
    [
      { protocol: 'oauth-refresh-token', tokenUrl: 'https://id.example.com/token/', clientId: 'a' },
      'https://id.example.com/token/',
    ],
  ])('%j is asked at its address, and protected unless it says otherwise', (section, address) => {
    const parsed = ProbeSection.parse(section);

    expect(addressesOf(parsed)).toEqual({ [section.protocol]: address });
    expect('security' in parsed ? parsed.security : 'tls').not.toBe('none');
    expect(probeOf(parsed, noSecret)).toMatchObject({ rounds: 2, connections: 1 });
  });

  it.each([
    [{ protocol: 'smtp', ...login, password: 'x' }],
    [{ protocol: 'smtp', ...login, username: 'scans\r\nDATA' }],
    [{ protocol: 'ftp', ...login, host: 'ftp.example.com/..' }],
    [{ protocol: 'telnet', ...login }],
    [{ protocol: 'http', url: 'https://user:pass@api.example.com/' }],
    [{ protocol: 'http', url: 'https://api.example.com/', refused: [429] }],
    [{ protocol: 'http', url: 'https://api.example.com/', refused: [200] }],
    [{ protocol: 'http', url: 'https://api.example.com/', accepted: [401] }],
    [{ protocol: 'http', url: 'https://api.example.com/', username: 'a', header: 'X-Key' }],
    [
      {
        protocol: 'oauth-client-secret',
        tokenUrl: 'https://id.example.com/',
        clientId: 'a',
        grant: 'client-credentials',
        refreshToken: { env: 'T' },
      },
    ],
  ])('refuses %j', (section) => {
    expect(ProbeSection.safeParse(section).success).toBe(false);
  });
});
