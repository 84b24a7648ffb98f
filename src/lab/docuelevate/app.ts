import { type Answer, type Handler, type Incoming, router, type Routes } from '../routes.js';
import { detail } from './answers.js';
import type { ApiProcess } from './api-process.js';
import { csrfProblem, type Session, type Sessions, type User, userNamed, type Visit } from './sessions.js';

export interface AppOptions {
  readonly sessions: Sessions;
  readonly routes: Routes<Visit>;
  /** A connection stays with its process; new ones take turns. */
  readonly processes: readonly [ApiProcess, ...ApiProcess[]];
  /** Called before every request is looked at. */
  readonly onRequest: () => void;
  /** The one Bearer token that is somebody's. */
  readonly apiToken: string;
  /** Whose it is. */
  readonly username: string;
}

/** What happens to every request before and after its own handler: host, session, CSRF, cookie. */
export function createApp({
  sessions,
  routes,
  processes,
  onRequest,
  apiToken,
  username,
}: AppOptions): Handler<Incoming> {
  const route = router<Visit>(routes, () => detail(404, 'Not Found'));
  const owner = userNamed(username, false);

  function visitor({ headers }: Incoming, session: Session): User | null {
    return headers.authorization === `Bearer ${apiToken}` ? owner : (session.data.user ?? null);
  }

  return async (request): Promise<Answer> => {
    const api = processes[(request.connection ?? 0) % processes.length] ?? processes[0];
    onRequest();
    await api.gate.pass();
    if (!/^(localhost|127\.0\.0\.1)(:\d+)?$/.test(request.headers.host ?? ''))
      return { status: 400, body: 'Invalid host header' };
    const session = sessions.open(request);
    const user = visitor(request, session);
    const answer = csrfProblem(request, session) ?? (await route({ ...request, session, user, api }));
    const cookie = sessions.cookie(session);
    return cookie ? { ...answer, headers: { ...answer.headers, 'set-cookie': cookie } } : answer;
  };
}
