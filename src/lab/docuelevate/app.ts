import { type Answer, type Handler, type Incoming, router, type Routes } from '../routes.js';
import { detail } from './answers.js';
import type { ApiProcess } from './api-process.js';
import { csrfProblem, type Sessions, type User, type Visit } from './sessions.js';

export interface AppOptions {
  readonly sessions: Sessions;
  readonly routes: Routes<Visit>;
  /** A connection always uses the same process; new connections are distributed in turn. */
  readonly processes: readonly [ApiProcess, ...ApiProcess[]];
  /** Called before every request is handled. */
  readonly onRequest: () => void;
  /** The user of a request's Bearer token. */
  readonly bearer: (request: Incoming) => User | null;
}

/** Wraps every handler: checks the host and CSRF token, and handles sessions and cookies. */
export function createApp({ sessions, routes, processes, onRequest, bearer }: AppOptions): Handler<Incoming> {
  const route = router<Visit>(routes, () => detail(404, 'Not Found'));
  return async (request): Promise<Answer> => {
    const api = processes[(request.connection ?? 0) % processes.length] ?? processes[0];
    onRequest();
    await api.gate.pass();
    if (!/^(localhost|127\.0\.0\.1)(:\d+)?$/.test(request.headers.host ?? ''))
      return { status: 400, body: 'Invalid host header' };
    const session = sessions.sessionOf(request);
    const user = session.data.user ?? bearer(request);
    const answer = csrfProblem(request, session) ?? (await route({ ...request, session, user, api }));
    const cookie = sessions.cookie(session);
    return cookie ? { ...answer, headers: { ...answer.headers, 'set-cookie': cookie } } : answer;
  };
}
