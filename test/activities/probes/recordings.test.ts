import type { Answer, Incoming } from '../../../src/lab/routes.js';
import { type LabServer, serve } from '../../../src/lab/server.js';
import { describeRecording, type Exchange, readRecording } from '../../support/recordings.js';
import { askImap, askSmtp, loginAt, verdictOn, withLines } from './answers.js';

interface Dialogue extends Omit<Exchange, 'headers' | 'request'> {
  readonly protocol?: string;
  readonly lines?: readonly string[];
  readonly request?: Exchange['request'] & { readonly headers?: Readonly<Record<string, string>> };
  readonly headers?: Readonly<Record<string, string>>;
}

/** What the server said, line by line; a time in brackets at its end is the recording's. */
function serverLines({ lines = [] }: Dialogue): string[] {
  return lines.filter((line) => line.startsWith('S: ')).map((line) => line.slice(3).replace(/ \[\d+\.\d s\]$/, ''));
}

/** The only login of an IMAP dialogue: its answer without the tag. */
function imapAnswer(dialogue: Dialogue): string | null {
  const answers = serverLines(dialogue).filter((line) =>
    /^\w+ (?:OK|NO|BAD) (?!NAMESPACE|Namespace|Logout)/.test(line),
  );
  const isOne = dialogue.lines?.filter((line) => /^C: \w+ (?:LOGIN|AUTHENTICATE PLAIN)/.test(line)).length === 1;
  return isOne && answers[0] ? answers[0].replace(/^\w+ /, '') : null;
}

describeRecording('answers that Dovecot 2.3.19 was recorded to give', () => {
  const { exchanges } = readRecording<Dialogue>('dovecot-2.3.19.1.json');
  const expected = (answer: string): string => {
    if (/^(?:OK|235)/.test(answer)) return 'accepted';
    if (/^(?:NO \[AUTHENTICATIONFAILED\]|535)/.test(answer)) return 'refused';
    return /^(?:NO \[UNAVAILABLE\]|454)/.test(answer) ? 'later' : 'cannot tell';
  };

  it('to IMAP logins mean what they say', async () => {
    const seen: Record<string, number> = {};
    for (const dialogue of exchanges.filter(({ protocol }) => protocol === 'imap')) {
      const [greeting = ''] = serverLines(dialogue);
      const answer = imapAnswer(dialogue);
      if (answer === null || !greeting.startsWith('* OK')) continue;
      const verdict = await askImap(greeting, answer);
      expect([dialogue.name, verdict]).toEqual([dialogue.name, expected(answer)]);
      seen[verdict] = (seen[verdict] ?? 0) + 1;
    }

    expect(seen).toEqual({ accepted: 42, refused: 27, later: 2, 'cannot tell': 1 });
  });

  it('to logins at its submission service as well', async () => {
    const seen: Record<string, number> = {};
    for (const dialogue of exchanges.filter(({ protocol }) => protocol === 'submission')) {
      const said = serverLines(dialogue);
      const answer = said[said.findIndex((line) => line.startsWith('250 ')) + 1] ?? '';
      if (!dialogue.lines?.some((line) => /^C: AUTH PLAIN \w/.test(line))) continue;
      const verdict = await askSmtp(said[0] ?? '', said.filter((line) => line.startsWith('250')).slice(0, 9), answer);
      expect([dialogue.name, verdict]).toEqual([dialogue.name, expected(answer)]);
      seen[verdict] = (seen[verdict] ?? 0) + 1;
    }

    expect(seen).toEqual({ accepted: 3, refused: 5, later: 1, 'cannot tell': 1 });
  });
});

describeRecording('what Mailu was recorded to tell its proxy about a login', () => {
  const { exchanges } = readRecording<Dialogue>('mailu-bbb1c206.json');

  it('decides only where it is about the password, and never where it limits', async () => {
    const greeting = '* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] IMAP4 ready';
    const seen: Record<string, number> = {};
    const told = new Map<string, string>();
    for (const { headers = {}, request } of exchanges) {
      const [status, code] = [headers['auth-status'], headers['auth-error-code']];
      if (status === undefined || code === undefined) continue;
      const key = `${request?.headers?.['Auth-Protocol']} ${code} ${status}`;
      if (told.has(key)) continue;
      const isSmtp = request?.headers?.['Auth-Protocol'] === 'smtp';
      const hello = ['250-mail.example.com', '250 AUTH PLAIN LOGIN'];
      told.set(
        key,
        isSmtp
          ? await askSmtp('220 mail.example.com ESMTP ready', hello, `${code} ${status}`)
          : await askImap(greeting, `NO [${code}] ${status}`),
      );
    }
    for (const verdict of told.values()) seen[verdict] = (seen[verdict] ?? 0) + 1;

    expect(Object.fromEntries(told)).toMatchObject({
      'imap AUTHENTICATIONFAILED Authentication credentials invalid': 'refused',
      'imap LIMIT Temporary authentication failure (rate-limit)': 'later',
      'smtp 535 5.7.8 Authentication credentials invalid': 'refused',
      'smtp 451 4.3.2 Temporary authentication failure (rate-limit)': 'later',
    });
    expect(seen).toEqual({ refused: 2, later: 2 });
    // A proxy that passes on the words alone decides nothing.
    expect(await askImap(greeting, 'NO Authentication credentials invalid')).toBe('cannot tell');
  });
});

describeRecording.each(['proftpd-1.3.8', 'sftpgo-2.7.99-dev'])('FTP logins that were recorded (%s)', (name) => {
  const { exchanges } = readRecording<Dialogue>(`${name}.json`);

  it('are accepted by 230 and refused by 530', async () => {
    const seen: Record<string, number> = {};
    for (const { name: title, lines = [], protocol } of exchanges) {
      const sent = lines.findIndex((line) => line.startsWith('C: PASS '));
      const isOne = lines.filter((line) => line.startsWith('C: PASS ')).length === 1;
      if (protocol !== 'ftp' || !isOne || !lines[sent - 1]?.startsWith('S: 331')) continue;
      const [greeting = '', toUser = '', toPassword = ''] = [0, sent - 1, sent + 1].map((index) =>
        lines[index]?.slice(3),
      );
      const reply = (line: string): readonly string[] => [
        line.startsWith('USER') ? toUser : line.startsWith('PASS') ? toPassword : '221 Goodbye.',
      ];
      const verdict = await withLines(greeting, reply, (port) => verdictOn(loginAt('ftp', port), 'some-example-pass'));
      expect([title, verdict]).toEqual([title, toPassword.startsWith('230') ? 'accepted' : 'refused']);
      seen[verdict] = (seen[verdict] ?? 0) + 1;
    }

    expect(seen['accepted']).toBeGreaterThan(1);
    expect(seen['refused']).toBeGreaterThan(2);
  });
});

describeRecording('answers that were recorded over HTTP', () => {
  let lab: LabServer | undefined;
  afterEach(() => lab?.stop());

  async function start(handle: (request: Incoming) => Answer): Promise<LabServer> {
    await lab?.stop();
    lab = await serve(handle, {});
    return lab;
  }
  const answerOf = ({ status = 0, headers = {}, json, text }: Dialogue): Answer => ({
    status,
    headers,
    body: json ?? text,
  });

  it.each(['apache-dav-htpasswd-2.4.71', 'nextcloud-32.0.1', 'sftpgo-2.7.99-dev'])(
    'mean for a WebDAV folder what their status says (%s)',
    async (name) => {
      const { exchanges } = readRecording<Dialogue>(`${name}.json`);
      const asked = exchanges.filter(({ request, status }) => request?.method === 'PROPFIND' && status !== undefined);
      const without = asked.find(({ request }) => request?.auth === 'none');
      const seen: Record<string, number> = {};
      for (const dialogue of asked.filter(({ request }) => request?.auth?.includes(':'))) {
        const { url } = await start(({ headers }) =>
          answerOf(headers.authorization === undefined ? without! : dialogue),
        );
        const verdict = await verdictOn({ protocol: 'webdav', url, username: 'docuelevate' }, 'some-example-pass');
        const { status = 0 } = dialogue;
        const expected = ({ 207: 'accepted', 401: 'refused', 404: 'cannot tell' } as Record<number, string>)[status];
        expect([dialogue.name, verdict]).toEqual([dialogue.name, expected ?? 'later']);
        seen[verdict] = (seen[verdict] ?? 0) + 1;
      }

      expect(seen['accepted']).toBeGreaterThan(5);
      expect(seen['refused']).toBeGreaterThan(4);
      if (name.startsWith('nextcloud')) expect(seen['later']).toBeGreaterThan(3); // too many wrong ones, and maintenance
    },
  );

  it('mean for keys of an API what their section declares (Mailu: 403 for a wrong key, 429 for too many)', async () => {
    const { exchanges } = readRecording<Dialogue>('mailu-bbb1c206.json');
    const isApi = ({ request }: Dialogue) => request?.method === 'GET' && /^\/api\/v1\/\w+$/.test(request.path);
    const seen = new Map<string, string>();
    const without = exchanges.find((each) => isApi(each) && each.request?.auth === 'none' && each.status === 401)!;
    for (const dialogue of exchanges.filter((each) => isApi(each) && each.request?.auth?.startsWith('Bearer '))) {
      const { url } = await start(({ headers }) => answerOf(headers.authorization === undefined ? without : dialogue));
      const section = { protocol: 'http', url: `${url}/api/v1/domain`, accepted: [200], refused: [403] };
      seen.set(String(dialogue.status), await verdictOn(section, 'some-example-key'));
    }

    expect(Object.fromEntries(seen)).toMatchObject({ 200: 'accepted', 403: 'refused', 429: 'later' });
  });

  it('mean for the secret of a client of Keycloak: refused by unauthorized_client, and by invalid_client where it is gone', async () => {
    const { exchanges } = readRecording<Dialogue>('keycloak-26.7.3.json');
    const seen: Record<string, number> = {};
    for (const dialogue of exchanges) {
      const form = dialogue.request?.body as Readonly<Record<string, string>> | undefined;
      if (!dialogue.request?.path.endsWith('/example/protocol/openid-connect/token')) continue;
      if (form?.['grant_type'] !== 'client_credentials' || dialogue.request.auth === 'in the body') continue;
      const { url } = await start(() => answerOf(dialogue));
      const section = { protocol: 'oauth-client-secret', tokenUrl: `${url}/token`, clientId: 'docuelevate' };
      const verdict = await verdictOn({ ...section, grant: 'client-credentials' }, 'some-example-secret');
      const code = (dialogue.json as { error?: string } | undefined)?.error ?? '';
      const expected = ({ '': 'accepted', invalid_scope: 'cannot tell' } as Record<string, string>)[code] ?? 'refused';
      expect([dialogue.name, verdict]).toEqual([dialogue.name, expected]);
      seen[verdict] = (seen[verdict] ?? 0) + 1;
    }

    expect(seen).toEqual({ accepted: 21, refused: 20, 'cannot tell': 1 });
  });

  it('mean for a refresh token of Keycloak: refused by invalid_grant, undecided by the secret of the client', async () => {
    const { exchanges } = readRecording<Dialogue>('keycloak-26.7.3.json');
    const told: Record<string, string> = {};
    for (const dialogue of exchanges) {
      const form = dialogue.request?.body as Readonly<Record<string, string>> | undefined;
      if (form?.['grant_type'] !== 'refresh_token') continue;
      const { url } = await start(() => answerOf(dialogue));
      const section = { protocol: 'oauth-refresh-token', tokenUrl: `${url}/token`, clientId: 'docuelevate' };
      told[dialogue.name] = await verdictOn(section, 'some-example-token');
    }

    expect(told).toEqual({
      'refresh with the old secret': 'cannot tell',
      'refresh with the new secret, token minted before': 'accepted',
      'refresh with a token from before not-before': 'refused',
    });
  });
});
