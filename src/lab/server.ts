import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from './clock.js';
import { createFaults, type FaultAnswer, type FaultKind, type Faults } from './faults.js';
import type { Answer, Handler, Incoming } from './routes.js';

/** A recorded request, without its body, headers and secrets. */
export interface LabRequest {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  /** Without the question mark. */
  readonly query: string;
  /** Unix milliseconds by the lab's clock. */
  readonly at: number;
  /** Absent until it is answered, and forever when the connection was cut. */
  readonly status?: number;
}

/** A simulated system: a real, stateful HTTP server on a port of 127.0.0.1. */
export interface LabServer {
  /** Without a trailing slash. */
  readonly url: string;
  /** Every request in the order of arrival. */
  readonly requests: readonly LabRequest[];
  readonly faults: Faults;
  /** Stops the server and ends hanging requests at once. */
  stop(): Promise<void>;
}

export interface HttpLabServer extends LabServer {
  /** Whether connections are reset, as where no process listens. The open ones are reset at once. */
  refuse(refuses: boolean): void;
}

export interface LabOptions {
  readonly clock?: Clock;
  /** Real milliseconds before each request is handled. */
  readonly latencyMs?: number;
  /** Port of 127.0.0.1; a free one when left out. */
  readonly port?: number;
  /** Replaces the path in records and for faults, where only the body says what a request does. */
  readonly nameOf?: (request: Incoming) => string;
}

/** A header of simulated users that send the same requests as Keyturn. Faults do not hit them. */
export const bystander = { 'x-lab-bystander': 'yes' } as const;

/** Serves `handle`. Answers carry a `Date` by the lab's clock. */
export async function serve(
  handle: Handler<Incoming>,
  { clock = Date.now, latencyMs = 0, port = 0, nameOf = ({ path }) => path }: LabOptions,
): Promise<HttpLabServer> {
  const requests: LabRequest[] = [];
  const faults = createFaults();
  const stopped = new AbortController();

  async function answer(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const request = { ...(await readRequest(incoming)), connection: connectionOf(incoming.socket) };
    const { method, query } = request;
    const path = nameOf(request);
    const entry: LabRequest & { status?: number } = { method, path, query: query.toString(), at: clock() };
    requests.push(entry);
    const hit = (name: string) => (isBystander(request) ? null : faults.take(method, name));
    const fault = hit(path) ?? (path === request.path ? null : hit(request.path));
    const waitMs = latencyMs + slowMs(fault);
    if (waitMs > 0) await delay(waitMs, undefined, { signal: stopped.signal });
    const result = await play(fault, request, handle);
    if (result === 'silence') return;
    if (result === 'cut') return cut(response);
    entry.status = result.status;
    send(response, result, clock());
  }

  const server = createServer((incoming, response) => {
    answer(incoming, response).catch((error: unknown) => {
      if (incoming.destroyed || stopped.signal.aborted) return cut(response);
      send(response, { status: 500, body: `the lab itself failed: ${String(error)}` }, clock());
    });
  });
  const connectionOf = countConnections(server);
  const refuse = refusals(server);
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve));
  async function stop(): Promise<void> {
    stopped.abort();
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  }
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests, faults, refuse, stop };
}

function refusals(server: Server): HttpLabServer['refuse'] {
  let refused = false;
  server.on('connection', (socket) => refused && socket.resetAndDestroy());
  return (refuses) => {
    refused = refuses;
    if (refuses) server.closeAllConnections();
  };
}

/** Numbers connections in the order of their arrival. */
function countConnections(server: Server): (socket: Socket) => number {
  const numbers = new WeakMap<Socket, number>();
  let opened = 0;
  server.on('connection', (socket) => numbers.set(socket, opened++));
  return (socket) => numbers.get(socket) ?? 0;
}

/** What the client gets: an answer, a cut connection, or nothing. */
async function play(
  fault: FaultKind | null,
  request: Incoming,
  handle: Handler<Incoming>,
): Promise<Answer | 'cut' | 'silence'> {
  if (fault === 'hang') return 'silence';
  if (fault === 'reset-before') return 'cut';
  const answer = isAnswer(fault) ? faultAnswer(fault, request) : await handle(request);
  return fault === 'reset-after' ? 'cut' : answer;
}

async function readRequest(incoming: IncomingMessage): Promise<Incoming> {
  const { pathname, searchParams } = new URL(incoming.url ?? '/', 'http://lab');
  return {
    method: incoming.method ?? 'GET',
    path: pathname,
    query: searchParams,
    headers: incoming.headers,
    body: await buffer(incoming),
    params: {},
  };
}

function isBystander({ headers }: Incoming): boolean {
  return Object.keys(bystander).some((name) => name in headers);
}

function slowMs(fault: FaultKind | null): number {
  return typeof fault === 'object' && fault !== null && 'slowMs' in fault ? fault.slowMs : 0;
}

function isAnswer(fault: FaultKind | null): fault is FaultAnswer {
  return typeof fault === 'object' && fault !== null && 'status' in fault;
}

function faultAnswer({ status, retryAfterSeconds, body }: FaultAnswer, request: Incoming): Answer {
  const { authorization, cookie } = request.headers;
  const echo = { detail: 'refused by the lab', input: request.body.toString(), headers: { authorization, cookie } };
  return {
    status,
    headers: retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) },
    body: body ?? echo,
  };
}

function send(response: ServerResponse, { status, headers = {}, body }: Answer, now: number): void {
  const type = typeof body === 'string' ? 'text/plain; charset=utf-8' : 'application/json';
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  response.sendDate = false;
  response.writeHead(status, {
    date: new Date(now).toUTCString(),
    ...(body === undefined ? {} : { 'content-type': type }),
    ...headers,
  });
  response.end(text);
}

function cut(response: ServerResponse): void {
  response.socket?.resetAndDestroy();
}
