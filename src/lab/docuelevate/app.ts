import { type Answer, type Handler, type Incoming, router, type Routes } from '../routes.js';
import { detail } from './answers.js';
import type { ApiProcess } from './api-process.js';
import { csrfProblem, type Sessions, type User, type Visit } from './sessions.js';

export interface AppOptions {
  readonly sessions: Sessions;
  readonly routes: Routes<Visit>;
  /** A connection stays with its process; new ones take turns. */
  readonly processes: readonly [ApiProcess, ...ApiProcess[]];
  /** Called before every request is looked at. */
  readonly onRequest: () => void;
  /** Whose Bearer token a request carries. */
  readonly bearer: (request: Incoming) => User | null;
}

/** What happens to every request before and after its own handler: host, session, CSRF, cookie. */
export function createApp({ sessions, routes, processes, onRequest, bearer }: AppOptions): Handler<Incoming> {
  const route = router<Visit>(routes, () => detail(404, 'Not Found'));
  return async (request): Promise<Answer> => {
    const api = processes[(request.connection ?? 0) % processes.length] ?? processes[0];
    onRequest();
    await api.gate.pass();
    if (!/^(localhost|127\.0\.0\.1)(:\d+)?$/.test(request.headers.host ?? ''))
      return { status: 400, body: 'Invalid host header' };
    const session = sessions.open(request);
    const user = session.data.user ?? bearer(request);
    const answer = csrfProblem(request, session) ?? (await route({ ...request, session, user, api }));
    const cookie = sessions.cookie(session);
    return cookie ? { ...answer, headers: { ...answer.headers, 'set-cookie': cookie } } : answer;
  };
}
