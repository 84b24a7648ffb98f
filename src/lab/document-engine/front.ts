import type { Answer, Handler, Incoming } from '../routes.js';
import { tokenIn } from './access.js';
import type { Behavior } from './state.js';

const disabled: Answer = {
  status: 403,
  body: 'Requests to this path are disabled. It needs the required components: [:persistent_db_storage]',
};
const signOns: Readonly<Partial<Record<Behavior['front'], Answer>>> = {
  'sign-on': { status: 302, headers: { server: 'proxy', location: 'https://login.example.com/?from=dashboard' } },
  'login-page': { status: 200, headers: { server: 'proxy' }, body: '<form>Sign in</form>' },
};
const dead: Answer = { status: 500, body: 'Internal Server Error' };

/** Simulates a proxy or sign-on in front of the engine, and the engine's answers when a part of it is missing. */
export function behindFront(
  handle: Handler<Incoming>,
  { apiToken, behavior }: { readonly apiToken: string; readonly behavior: Behavior },
): Handler<Incoming> {
  const inside = async (request: Incoming): Promise<Answer> => {
    const answer = missing(request, behavior) ?? (await handle(request));
    const { server } = behavior;
    return server === null ? answer : { ...answer, headers: { server, ...answer.headers } };
  };
  return (request) => {
    const { front } = behavior;
    if (front === 'proxy' && isUnknownBearer(request, apiToken))
      return { status: 401, headers: { server: 'proxy' }, body: 'Unauthorized' };
    const signOn = request.path.startsWith('/dashboard') ? signOns[front] : undefined;
    if (signOn) return signOn;
    return inside(request);
  };
}

function isUnknownBearer(request: Incoming, apiToken: string): boolean {
  return /^Bearer /.test(request.headers.authorization ?? '') && tokenIn(request) !== apiToken;
}

function missing({ path }: Incoming, { worker, database }: Behavior): Answer | null {
  const isStored = /^\/api\/(documents|secrets)/.test(path);
  if (database === 'none' && isStored) return disabled;
  return worker === 'dead' && /^\/(api\/(documents|build)|i\/)/.test(path) ? dead : null;
}
