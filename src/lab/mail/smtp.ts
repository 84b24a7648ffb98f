import type { AccountGate } from '../logins/account.js';
import type { Converse, LineClient } from '../logins/lines.js';

/** A message that arrived. */
export interface Mail {
  readonly from: string;
  readonly to: readonly string[];
  /** Headers and body as they were sent. */
  readonly content: string;
  /** The password of the login; null without one. */
  readonly password: string | null;
}

export interface SmtpOptions {
  readonly account: AccountGate;
  readonly mails: Mail[];
  /** Whether mail is taken without a login. */
  readonly isOpen: boolean;
  /** The answer to a recipient; a refusal begins with 5. */
  readonly recipientAnswer: () => string;
}

/** Submission as Dovecot speaks it. Without TLS, logins are offered only where the server has none. */
export function smtp(options: SmtpOptions): Converse {
  return (client) => {
    const session: Session = { ...options, client, signedInWith: null, mail: { from: '', to: [] }, next: null };
    client.say('220 mail.example.com Dovecot (Debian) ready.');
    return (line) => {
      if (session.next) return session.next(line);
      const [, verb = '', rest = ''] = /^(\w+) ?(.*)$/.exec(line) ?? [];
      const handle = commands[verb.toUpperCase()];
      if (handle) handle(session, rest);
      else client.say('502 5.5.1 Unknown command');
    };
  };
}

interface Session extends SmtpOptions {
  readonly client: LineClient;
  /** The password of the login. */
  signedInWith: string | null;
  mail: { from: string; readonly to: string[] };
  /** Takes the next line, which is no command. */
  next: ((line: string) => void) | null;
}

const commands: Readonly<Record<string, (session: Session, rest: string) => void>> = {
  EHLO: hello,
  STARTTLS({ client }) {
    if (!client.offersTls || client.isProtected) return client.say("502 5.5.1 TLS support isn't enabled.");
    client.say('220 2.0.0 Begin TLS negotiation now.');
    client.protect();
  },
  AUTH: authenticate,
  MAIL({ client, mail, signedInWith, isOpen }, rest) {
    if (signedInWith === null && !isOpen) return client.say('530 5.7.0 Authentication required.');
    mail.from = addressIn(rest);
    client.say('250 2.1.0 2.0.0 ok');
  },
  RCPT({ client, mail, recipientAnswer }, rest) {
    mail.to.push(addressIn(rest));
    client.say(recipientAnswer());
  },
  DATA: receive,
  RSET: ({ client }) => client.say('250 2.0.0 2.0.0 ok'),
  QUIT({ client }) {
    client.say('221 2.0.0 Bye');
    client.close();
  },
};

function takesLogins({ client, isOpen }: Session): boolean {
  return !isOpen && (client.isProtected || !client.offersTls);
}

function hello(session: Session): void {
  const { client } = session;
  const lines = [
    ...['mail.example.com', ...(client.offersTls && !client.isProtected ? ['STARTTLS'] : [])],
    ...(takesLogins(session) ? ['AUTH PLAIN LOGIN'] : []),
    ...['8BITMIME', 'ENHANCEDSTATUSCODES', 'SIZE'],
  ];
  client.say(...lines.map((each, index) => `250${index < lines.length - 1 ? '-' : ' '}${each}`));
}

function authenticate(session: Session, rest: string): void {
  const { client } = session;
  const [mechanism = '', initial] = rest.split(' ');
  if (!takesLogins(session)) return client.say('503 5.5.1 Login not allowed here');
  const plain = (text: string): void => signInPlain(session, text);
  if (/^plain$/i.test(mechanism)) return initial === undefined ? askFor(session, '', plain) : plain(initial);
  if (!/^login$/i.test(mechanism)) return client.say('504 5.5.4 Unsupported authentication mechanism.');
  askFor(session, 'Username:', (name) =>
    askFor(session, 'Password:', (password) => signIn(session, decoded(name), decoded(password))),
  );
}

function askFor(session: Session, question: string, then: (answer: string) => void): void {
  session.client.say(`334 ${Buffer.from(question).toString('base64')}`);
  session.next = (line) => {
    session.next = null;
    then(line);
  };
}

function signInPlain(session: Session, text: string): void {
  const [, username, password] = decoded(text).split('\0');
  if (username === undefined || password === undefined)
    return session.client.say('501 5.5.2 Invalid base64 data in initial response');
  signIn(session, username, password);
}

function signIn(session: Session, username: string, password: string): void {
  const { account, client } = session;
  client.attempt(username, {
    apply() {
      const outcome = account.signIn(username, password);
      if (outcome === 'accepted') session.signedInWith = password;
      client.say(loginAnswers[outcome]);
      return outcome === 'accepted' ? 200 : 401;
    },
    fail: () => client.say('454 4.7.0 Temporary authentication failure.'),
  });
}

function receive(session: Session): void {
  const content: string[] = [];
  session.client.say('354 OK');
  session.next = (line) => {
    if (line !== '.') return void content.push(line.replace(/^\.\./, '.'));
    session.next = null;
    session.mails.push({ ...session.mail, content: content.join('\n'), password: session.signedInWith });
    session.mail = { from: '', to: [] };
    session.client.say('250 2.0.0 ok');
  };
}

const loginAnswers = {
  accepted: '235 2.7.0 Logged in.',
  refused: '535 5.7.8 Authentication failed.',
  locked: '451 4.3.2 Temporary authentication failure (rate-limit)',
} as const;

function decoded(text: string): string {
  return Buffer.from(text, 'base64').toString();
}

function addressIn(text: string): string {
  return /<(.*?)>/.exec(text)?.[1] ?? '';
}
