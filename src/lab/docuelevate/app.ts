import { type Answer, type Handler, type Incoming, router, type Routes } from '../routes.js';
import { detail } from './answers.js';
import { csrfProblem, type Session, type Sessions, type User, type Visit } from './sessions.js';

/** A process that answers nothing while it is blocked. */
export interface Gate {
  /** Blocks the process until the work ends. */
  readonly block: <T>(work: Promise<T>) => Promise<T>;
  readonly pass: () => Promise<void>;
}

export interface AppOptions {
  readonly sessions: Sessions;
  readonly routes: Routes<Visit>;
  readonly gate: Gate;
  /** The one Bearer token that is somebody's. */
  readonly apiToken: string;
  /** Whose it is. */
  readonly username: string;
}

export function createGate(): Gate {
  let blocked: Promise<unknown> = Promise.resolve();
  return {
    block(work) {
      blocked = work.catch(() => undefined);
      return work;
    },
    async pass() {
      await blocked;
    },
  };
}

/** What happens to every request before and after its own handler: host, session, CSRF, cookie. */
export function createApp({ sessions, routes, gate, apiToken, username }: AppOptions): Handler<Incoming> {
  const route = router<Visit>(routes, () => detail(404, 'Not Found'));
  const owner: User = { id: username, preferred_username: username, is_admin: false };

  function visitor({ headers }: Incoming, session: Session): User | null {
    return headers.authorization === `Bearer ${apiToken}` ? owner : (session.data.user ?? null);
  }

  return async (request): Promise<Answer> => {
    await gate.pass();
    if (!/^(localhost|127\.0\.0\.1)(:\d+)?$/.test(request.headers.host ?? ''))
      return { status: 400, body: 'Invalid host header' };
    const session = sessions.open(request);
    const user = visitor(request, session);
    const answer = csrfProblem(request, session) ?? (await route({ ...request, session, user }));
    const cookie = sessions.cookie(session);
    return cookie ? { ...answer, headers: { ...answer.headers, 'set-cookie': cookie } } : answer;
  };
}
