import { type AccountGate, type AccountOptions, createAccount, type LabAccount } from '../logins/account.js';
import { type Converse, type LineOptions, type LineServer, serveLines } from '../logins/lines.js';

export interface FtpLabOptions extends AccountOptions, LineOptions {
  /** Whether it takes no login without TLS; false when left out. */
  readonly wantsTls?: boolean;
}

export type FtpLab = LineServer & LabAccount;

const mostRefusals = 3; // ProFTPD's MaxLoginAttempts

/** An FTP server like ProFTPD 1.3.8, limited to logins. A locked one hangs up on everybody, as `mod_ban` does. */
export async function startFtpLab(options: FtpLabOptions = {}): Promise<FtpLab> {
  const account = createAccount(options);
  const server = await serveLines(ftp(account, options.wantsTls ?? false), options);
  return Object.defineProperties(server, Object.getOwnPropertyDescriptors(account)) as FtpLab; // with its accessors
}

function ftp(account: AccountGate, wantsTls: boolean): Converse {
  return (client) => {
    let [name, refusals] = ['', 0];
    const signIn = (password: string): void =>
      client.attempt(name, {
        apply() {
          const accepted = account.signIn(name, password) === 'accepted';
          client.say(accepted ? `230 User ${name} logged in` : '530 Login incorrect.');
          refusals += accepted ? 0 : 1;
          if (refusals >= mostRefusals) client.close();
          return accepted ? 200 : 401;
        },
        fail: () => client.say('421 Service not available, closing control connection.'),
      });
    const commands: Readonly<Record<string, (rest: string) => void>> = {
      AUTH() {
        if (!client.offersTls) return client.say('500 AUTH not understood');
        client.say('234 AUTH TLS successful');
        client.protect();
      },
      USER(rest) {
        if (wantsTls && !client.isProtected) return client.say('550 SSL/TLS required on the control channel');
        name = rest;
        client.say(`331 Password required for ${name}`);
      },
      PASS: (rest) => (name === '' ? client.say('503 Login with USER first') : signIn(rest)),
      QUIT() {
        client.say('221 Goodbye.');
        client.close();
      },
    };
    if (account.isLocked) client.close();
    else client.say('220 ProFTPD Server (files.example.com) [127.0.0.1]');
    return (line) => {
      const [, verb = '', rest = ''] = /^(\w+) ?(.*)$/.exec(line) ?? [];
      (commands[verb.toUpperCase()] ?? (() => client.say('530 Please login with USER and PASS')))(rest);
    };
  };
}
