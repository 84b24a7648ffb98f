import type { FormData as UndiciFormData } from 'undici';
import type { DocuElevateLab } from '../../src/lab/docuelevate/server.js';
import { call, type Reply, until } from './call.js';

export interface Extra {
  readonly headers?: Record<string, string>;
  readonly body?: string | UndiciFormData | URLSearchParams;
  /** Sent as JSON. */
  readonly json?: unknown;
}

/** A browser of the engine: keeps its cookie, and sends the session's token with every change. */
export interface Visitor {
  cookie: string;
  /** As it is read from the cookie. */
  csrf(): string;
  send(method: string, path: string, extra?: Extra): Promise<Reply>;
  get(path: string): Promise<Reply>;
  /** Answers where the engine sends the visitor. */
  login(password?: string, username?: string): Promise<string | null>;
}

export function visit(lab: Pick<DocuElevateLab, 'url' | 'adminUsername' | 'adminPassword'>): Visitor {
  const visitor: Visitor = {
    cookie: '',
    csrf() {
      const data = visitor.cookie.split('.')[0] ?? '';
      return (JSON.parse(Buffer.from(data, 'base64').toString()) as { csrf_token: string }).csrf_token;
    },
    async send(method, path, { headers, body, json } = {}) {
      const init = json === undefined ? { body: body ?? null } : { body: JSON.stringify(json) };
      const type: Record<string, string> = json === undefined ? {} : { 'content-type': 'application/json' };
      const token: Record<string, string> = visitor.cookie ? { 'x-csrf-token': visitor.csrf() } : {};
      const cookie: Record<string, string> = visitor.cookie ? { cookie: `session=${visitor.cookie}` } : {};
      const reply = await call(`${lab.url}${path}`, {
        method,
        ...init,
        headers: { ...type, ...token, ...cookie, ...headers },
      });
      for (const line of reply.headers.getSetCookie()) visitor.cookie = /session=([^;]*)/.exec(line)?.[1] ?? '';
      return reply;
    },
    get: (path) => visitor.send('GET', path, { headers: {} }),
    async login(password = lab.adminPassword, username = lab.adminUsername) {
      const page = await visitor.get('/login');
      const csrf_token = /name="csrf_token" value="(\w{64})"/.exec(page.text)?.[1] ?? visitor.csrf();
      const fields = new URLSearchParams({ username, password, csrf_token });
      const reply = await visitor.send('POST', '/auth', { body: fields });
      return reply.headers.get('location');
    },
  };
  return visitor;
}

/** Waits until no task waits or runs; those that wait for their time do not count. */
export function idle(lab: DocuElevateLab): Promise<void> {
  return until(async () => {
    const stats = await call(`${lab.url}/api/queue/stats`);
    return stats.at('total_queued') === 0 && stats.list('celery', 'active').length === 0;
  });
}
