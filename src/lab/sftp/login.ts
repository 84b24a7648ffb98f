import ssh2, { type AuthContext, type PublicKeyAuthContext } from 'ssh2';
import type { Gate } from './accounts.js';
import type { Perform } from './performer.js';

export interface LoginOptions {
  readonly perform: Perform;
  readonly gate: Gate;
  /** Whether the account's password is taken as well. */
  readonly takesPasswords: boolean;
  /** Ends the connection without a word. */
  readonly cut: () => void;
}

/** Lets clients in, or turns them away with the methods that are left. */
export function createLogin({ perform, gate, takesPasswords, cut }: LoginOptions): (context: AuthContext) => void {
  const methods = takesPasswords ? (['publickey', 'password'] as const) : (['publickey'] as const);
  const turnAway = (context: AuthContext): number => {
    context.reject([...methods]);
    return 401;
  };
  return (context) => {
    if (context.method === 'none') return void turnAway(context);
    if (context.method === 'publickey' && !context.signature && knows(gate, context)) return context.accept();
    const known =
      context.method === 'password'
        ? takesPasswords && context.username === gate.username && context.password === gate.password
        : context.method === 'publickey' && knows(gate, context) && isSigned(context);
    perform('LOGIN', `/${context.username}`, {
      work() {
        if (!known) return turnAway(context);
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

/** A client asks whether a key would do before it signs with it. */
function knows(gate: Gate, { username, key }: PublicKeyAuthContext): boolean {
  return gate.accepts(username, key.data.toString('base64'));
}

function isSigned({ key, blob, signature, hashAlgo }: PublicKeyAuthContext): boolean {
  const parsed = ssh2.utils.parseKey(`${key.algo} ${key.data.toString('base64')}`);
  return !(parsed instanceof Error) && !!blob && !!signature && parsed.verify(blob, signature, hashAlgo);
}
