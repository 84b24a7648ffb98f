import { createAccount } from '../../../src/lab/logins/account.js';
import { describeRecording, readRecording } from '../../support/recordings.js';

interface Entry {
  readonly name: string;
  readonly at: number;
  readonly protocol?: string;
  readonly lines?: readonly string[];
  readonly command?: string;
}

describeRecording('an account with a cache', () => {
  it('accepts and refuses as Dovecot with a cache of 12 seconds was recorded to', () => {
    const { exchanges } = readRecording<Entry>('dovecot-2.3.19.1.json');
    const begin = exchanges.findIndex(({ name }) => name === 'sql: start');
    const end = exchanges.findIndex(({ name }) => name === 'sql: database gone');
    let now = 0;
    const start = (password: string) =>
      createAccount({ password, clock: () => now, cache: { ms: 12_000, by: 'dovecot' } });
    let account = start('first-example-pass-1');
    const differences: string[] = [];
    let logins = 0;

    for (const { name, at, protocol, lines = [], command = '' } of exchanges.slice(begin, end)) {
      now = at * 1000;
      const text = lines.join('\n');
      const [, set] = /SET password = <hash of (\S+)>/.exec(text) ?? [];
      const [, tried] = /LOGIN "scans@example\.com" "([^"]+)"/.exec(text) ?? [];
      if (protocol === 'file' && set !== undefined && set !== account.password) account.setPassword(set);
      if (/cache flush(?: scans@example\.com)?$|doveadm reload/.test(command)) account = start(account.password);
      if (protocol !== 'imap' || tried === undefined) continue;
      logins += 1;
      const outcome = account.signIn('scans', tried);
      if (/^S: a OK/m.test(text) !== (outcome === 'accepted')) differences.push(name);
    }

    expect(differences).toEqual([]);
    expect(logins).toBe(28);
  });

  it('accepts and refuses as Apache with a cache of 8 seconds was recorded to', () => {
    const { exchanges } = readRecording<Entry & { request?: { auth?: string; path: string }; status?: number }>(
      'apache-dav-htpasswd-2.4.71.json',
    );
    let now = 0;
    const account = createAccount({ username: 'docuelevate', clock: () => now, cache: { ms: 8000, by: 'apache' } });
    const differences: string[] = [];
    let logins = 0;

    for (const { name, at, request, status } of exchanges) {
      now = at * 1000;
      if (name === 'cache: the second password') account.setPassword('second-example-pass-2');
      if (request?.path !== '/cached/') continue;
      logins += 1;
      const [username = '', password = ''] = request.auth?.split(':') ?? [];
      if ((account.signIn(username, password) === 'accepted') !== (status === 207)) differences.push(name);
    }

    expect(differences).toEqual([]);
    expect(logins).toBe(9);
  });
});

describe('an account', () => {
  it('knows which of its passwords work, and locks everybody out after too many wrong ones', () => {
    const account = createAccount({ password: 'one', lockAfter: 2 });
    account.setPassword('two');
    expect(account.working()).toEqual(['two']);

    expect(['two', 'one', 'one', 'two'].map((each) => account.signIn('scans', each))).toEqual([
      ...['accepted', 'refused', 'refused', 'locked'],
    ]);

    account.isLocked = false;
    expect(account.signIn('scans', 'two')).toBe('accepted');
  });
});
