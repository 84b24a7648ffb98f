import type { AccountGate } from '../logins/account.js';
import type { Converse, LineClient } from '../logins/lines.js';

/** IMAP as Dovecot speaks it, up to the login. Where the server has TLS, it takes no login without. */
export function imap(account: AccountGate): Converse {
  return (client) => {
    const session: Session = { account, client, isSignedIn: false, next: null };
    client.say(`* OK [CAPABILITY ${capabilitiesOf(client)}] Dovecot (Debian) ready.`);
    return (line) => {
      if (session.next) return session.next(line);
      const [, tag = '*', verb = '', rest = ''] = /^(\S+) (\w+) ?(.*)$/.exec(line) ?? [];
      const handle = commands[verb.toUpperCase()];
      if (handle) handle(session, tag, rest);
      else client.say(`${tag} BAD Error in IMAP command received by server.`);
    };
  };
}

interface Session {
  readonly account: AccountGate;
  readonly client: LineClient;
  isSignedIn: boolean;
  /** Takes the next line, which is no command. */
  next: ((line: string) => void) | null;
}

const commands: Readonly<Record<string, (session: Session, tag: string, rest: string) => void>> = {
  CAPABILITY: ({ client }, tag) =>
    client.say(`* CAPABILITY ${capabilitiesOf(client)}`, `${tag} OK Capability completed.`),
  ID: ({ client }, tag) => client.say('* ID ("name" "Dovecot")', `${tag} OK ID completed.`),
  STARTTLS({ client }, tag) {
    if (!wantsTls(client)) return client.say(`${tag} BAD TLS is not enabled.`);
    client.say(`${tag} OK Begin TLS negotiation now.`);
    client.protect();
  },
  LOGIN(session, tag, rest) {
    const [username = '', password = ''] = stringsIn(rest);
    signIn(session, tag, { username, password });
  },
  AUTHENTICATE: authenticate,
  NAMESPACE: ({ client, isSignedIn }, tag) =>
    isSignedIn
      ? client.say('* NAMESPACE (("" ".")) NIL NIL', `${tag} OK Namespace completed.`)
      : client.say(`${tag} BAD Error in IMAP command received by server.`),
  LOGOUT({ client }, tag) {
    client.say('* BYE Logging out', `${tag} OK Logout completed.`);
    client.close();
  },
};

function wantsTls(client: LineClient): boolean {
  return client.offersTls && !client.isProtected;
}

function capabilitiesOf(client: LineClient): string {
  return `IMAP4rev1 SASL-IR ID ENABLE ${wantsTls(client) ? 'STARTTLS LOGINDISABLED' : 'AUTH=PLAIN'}`;
}

function authenticate(session: Session, tag: string, rest: string): void {
  const [mechanism = '', initial] = rest.split(' ');
  if (!/^plain$/i.test(mechanism)) return session.client.say(`${tag} NO [ALERT] Unsupported authentication mechanism.`);
  const plain = (text: string): void => {
    const [, username = '', password = ''] = Buffer.from(text, 'base64').toString().split('\0');
    signIn(session, tag, { username, password });
  };
  if (initial !== undefined) return plain(initial);
  session.client.say('+ ');
  session.next = (line) => {
    session.next = null;
    plain(line);
  };
}

function signIn(session: Session, tag: string, { username, password }: { username: string; password: string }): void {
  const { account, client } = session;
  if (wantsTls(client))
    return client.say(`${tag} NO [PRIVACYREQUIRED] Plaintext authentication disallowed on non-secure connections.`);
  client.attempt(username, {
    apply() {
      const outcome = account.signIn(username, password);
      session.isSignedIn = outcome === 'accepted';
      client.say(`${tag} ${loginAnswers[outcome]}`);
      return session.isSignedIn ? 200 : 401;
    },
    fail: () => client.say(`${tag} NO [UNAVAILABLE] Temporary authentication failure.`),
  });
}

const loginAnswers = {
  accepted: 'OK [CAPABILITY IMAP4rev1 SASL-IR ID ENABLE NAMESPACE] Logged in',
  refused: 'NO [AUTHENTICATIONFAILED] Authentication failed.',
  locked: 'NO [LIMIT] Temporary authentication failure (rate-limit)',
} as const;

/** Quoted strings and atoms. */
function stringsIn(text: string): string[] {
  return [...text.matchAll(/"((?:[^"\\]|\\.)*)"|(\S+)/g)].map(
    ([, quoted, atom]) => quoted?.replace(/\\(.)/g, '$1') ?? atom ?? '',
  );
}
