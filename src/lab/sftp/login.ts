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
  /** Whether the account's password is accepted as well. */
  readonly takesPasswords: boolean;
  /** Number of refusals that end a connection. */
  readonly maxAuthTries: number;
  /** Cuts the connection. */
  readonly cut: () => void;
  /** Ends the connection with a reason. */
  readonly hangUp: (why: string) => void;
}

/** Handles logins. A refusal lists the methods that the client may try. */
export function createLogin(options: LoginOptions): (context: AuthContext) => void {
  const { perform, diary, cut } = options;
  const methods = options.takesPasswords ? (['publickey', 'password'] as const) : (['publickey'] as const);
  let barred: boolean | null = null;
  let refusals = 0;
  const refuseLogin = (context: AuthContext): number => {
    refusals++;
    if (refusals < options.maxAuthTries) context.reject([...methods]);
    else giveUp(options, context.username, barred === true);
    return 401;
  };
  return (context) => {
    barred ??= isBarred(options, context.username);
    if (context.method === 'none') return context.reject([...methods]);
    const admission = barred ? admissionOfBarred(context) : admissionOf(options, context);
    if (context.method === 'publickey' && !context.signature && admission.accepted) {
      diary.write(...admission.log, `Postponed publickey for ${context.username} from ${diary.peer} ssh2 [preauth]`);
      return context.accept();
    }
    perform('LOGIN', `/${context.username}`, {
      apply() {
        const how = `${admission.accepted ? 'Accepted' : 'Failed'} ${context.method} for ${barred ? 'invalid user ' : ''}`;
        diary.write(...admission.log);
        if (admission.name !== null) diary.write(`${how}${context.username} from ${diary.peer} ssh2${admission.name}`);
        if (!admission.accepted) return refuseLogin(context);
        diary.letIn(context.username);
        context.accept();
        return 200;
      },
      refuse(denied) {
        if (denied) return refuseLogin(context);
        cut();
        return 500;
      },
    });
  };
}

interface Admission {
  readonly accepted: boolean;
  readonly log: readonly string[];
  /** Name of the key, for the end of the log line about the result; null when there is no such line. */
  readonly name: string | null;
}

/** The admission of a user who may never sign in. Keys are not checked. */
function admissionOfBarred({ method }: AuthContext): Admission {
  const isPassword = method === 'password';
  return { accepted: false, log: isPassword ? [noShadow] : [], name: isPassword ? '' : null };
}

const noShadow = 'Could not get shadow information for NOUSER';

function admissionOf({ gate, diary, takesPasswords }: LoginOptions, context: AuthContext): Admission {
  if (context.method === 'password') {
    const known = context.username === gate.username && context.password === gate.account.password;
    return { accepted: takesPasswords && known, log: [], name: '' };
  }
  if (context.method !== 'publickey') return { accepted: false, log: [], name: null };
  const blob = context.key.data.toString('base64');
  const { accepted, log } = gate.checkKey(context.username, blob, diary.address);
  const proven = !context.signature || isSigned(context); // a client asks whether a key is accepted before it signs with it
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
