import ssh2, { type AuthContext, type PublicKeyAuthContext } from 'ssh2';
import type { Accounts } from './accounts.js';
import type { Diary } from './diary.js';
import { type Gate, userOf, whyBarred } from './gate.js';
import { nameOf } from './keys.js';
import type { Perform } from './performer.js';

export interface LoginOptions {
  readonly perform: Perform;
  readonly gate: Gate & Pick<Accounts, 'username' | 'account'>;
  readonly diary: Diary;
  /** Whether the account's password is taken as well. */
  readonly takesPasswords: boolean;
  /** How many refusals end a connection. */
  readonly maxAuthTries: number;
  /** Ends the connection without a word. */
  readonly cut: () => void;
  /** Ends the connection and says why. */
  readonly hangUp: (why: string) => void;
}

/** Lets clients in, or turns them away with the methods that are left. */
export function createLogin(options: LoginOptions): (context: AuthContext) => void {
  const { perform, diary, cut } = options;
  const methods = options.takesPasswords ? (['publickey', 'password'] as const) : (['publickey'] as const);
  let barred: boolean | null = null;
  let refusals = 0;
  const turnAway = (context: AuthContext): number => {
    refusals++;
    if (refusals < options.maxAuthTries) context.reject([...methods]);
    else giveUp(options, context.username, barred === true);
    return 401;
  };
  return (context) => {
    barred ??= isBarred(options, context.username);
    if (context.method === 'none') return context.reject([...methods]);
    const verdict = barred ? ofNobody(context) : judge(options, context);
    if (context.method === 'publickey' && !context.signature && verdict.accepted) {
      diary.write(...verdict.log, `Postponed publickey for ${context.username} from ${diary.peer} ssh2 [preauth]`);
      return context.accept();
    }
    perform('LOGIN', `/${context.username}`, {
      work() {
        const how = `${verdict.accepted ? 'Accepted' : 'Failed'} ${context.method} for ${barred ? 'invalid user ' : ''}`;
        diary.write(...verdict.log);
        if (verdict.name !== null) diary.write(`${how}${context.username} from ${diary.peer} ssh2${verdict.name}`);
        if (!verdict.accepted) return turnAway(context);
        diary.letIn(context.username);
        context.accept();
        return 200;
      },
      refuse(denied) {
        if (denied) return turnAway(context);
        cut();
        return 500;
      },
    });
  };
}

interface Admission {
  readonly accepted: boolean;
  readonly log: readonly string[];
  /** Of the key, at the end of the line that tells the verdict; null for no such line. */
  readonly name: string | null;
}

/** Nobody's keys are not looked at. */
function ofNobody({ method }: AuthContext): Admission {
  const isPassword = method === 'password';
  return { accepted: false, log: isPassword ? [noShadow] : [], name: isPassword ? '' : null };
}

const noShadow = 'Could not get shadow information for NOUSER';

function judge({ gate, diary, takesPasswords }: LoginOptions, context: AuthContext): Admission {
  if (context.method === 'password') {
    const known = context.username === gate.username && context.password === gate.account.password;
    return { accepted: takesPasswords && known, log: [], name: '' };
  }
  if (context.method !== 'publickey') return { accepted: false, log: [], name: null };
  const blob = context.key.data.toString('base64');
  const { accepted, log } = gate.judge(context.username, blob, diary.address);
  const proven = !context.signature || isSigned(context); // a client asks whether a key would do before it signs with it
  return { accepted: accepted && proven, log, name: `: ${nameOf(blob)}` };
}

function isBarred({ gate, diary }: LoginOptions, user: string): boolean {
  const state = user === gate.username ? gate.account.state : 'open';
  const why = whyBarred(userOf(user), state, diary);
  diary.asks(why ? `invalid user ${user}` : `authenticating user ${user}`);
  diary.write(...(why ?? []));
  return why !== null;
}

function giveUp({ diary, hangUp }: LoginOptions, user: string, barred: boolean): void {
  const why = 'Too many authentication failures';
  const name = barred ? `invalid user ${user}` : user;
  diary.write(
    `maximum authentication attempts exceeded for ${name} from ${diary.peer} ssh2 [preauth]`,
    `Disconnecting ${barred ? name : `authenticating user ${user}`} ${diary.peer}: ${why} [preauth]`,
  );
  diary.hungUp();
  hangUp(why);
}

function isSigned({ key, blob, signature, hashAlgo }: PublicKeyAuthContext): boolean {
  const parsed = ssh2.utils.parseKey(`${key.algo} ${key.data.toString('base64')}`);
  return !(parsed instanceof Error) && !!blob && !!signature && parsed.verify(blob, signature, hashAlgo);
}
