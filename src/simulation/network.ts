import { AsyncLocalStorage } from 'node:async_hooks';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import { owner, type SimProcess, type Simulation } from './engine.js';
import { workingFor } from './sender.js';

/** A request as it leaves its process. */
export interface Leaving {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** An answer as it arrives. Header names are in lower case. */
export interface Arrived {
  readonly status: number;
  readonly headers: Record<string, string | string[]>;
  readonly text: string;
}

export class NetworkError extends Error {
  readonly code: string;
  constructor(code: string) {
    super(code);
    this.code = code;
  }
}

type Settle = (answer: Arrived | NetworkError) => void;
/** A connection as a server sees it: its identity, and whether the server has refused it. */
interface Connection {
  isReset: boolean;
  resetAndDestroy(): void;
}

/** How long a request or an answer takes one way, in ms. */
const way = { from: 0.3, to: 6 };

/** A simulated system on its port, with the connections that its clients keep open. */
interface Listening {
  readonly listener: RequestListener;
  readonly connected: ((socket: Socket) => void)[];
  /** Idle connections by the process that opened them; null for callers outside of a process. */
  readonly idle: Map<SimProcess | null, Connection[]>;
}

let listening = new Map<number, Listening>();
let nextPort = 20_000;

/** Forgets all listeners and ports, for a new case. */
export function resetNetwork(): void {
  listening = new Map();
  nextPort = 20_000;
}

/** A port that is not taken yet. */
export function freePort(): number {
  return nextPort++;
}

/** Replaces `http.createServer`, as far as the simulated systems use it. */
export function createMemoryServer(listener: RequestListener) {
  const port = freePort();
  const here: Listening = { listener, connected: [], idle: new Map() };
  const server = {
    on(_event: 'connection', connected: (socket: Socket) => void) {
      here.connected.push(connected);
      return server;
    },
    once: () => server, // only used for errors, and there are none
    listen(_port: number, _host: string, ready: () => void) {
      listening.set(port, here);
      queueMicrotask(ready);
    },
    address: () => ({ port, address: '127.0.0.1', family: 'IPv4' }),
    close(closed?: () => void) {
      listening.delete(port);
      if (closed) queueMicrotask(closed);
    },
    closeAllConnections: () => here.idle.clear(),
  };
  return server;
}

/**
 * Takes a request to the listener on its port, and the answer back. The request of a dead process still arrives; its
 * answer is dropped.
 */
export function exchange(sim: Simulation, leaving: Leaving, settle: Settle): void {
  const from = owner.getStore();
  const credential = workingFor();
  const inContext = AsyncLocalStorage.snapshot();
  const deliver: Settle = (answer) => {
    const hear = (): void => inContext(settle, answer);
    sim.after(sim.random.between(way.from, way.to), () => (from ? from.enter(hear) : hear()));
  };
  sim.after(sim.random.between(way.from, way.to), () => {
    if (credential !== undefined) sim.arrived(credential);
    arrive(sim, { leaving, from: from ?? null }, deliver);
  });
}

function arrive(sim: Simulation, sent: { leaving: Leaving; from: SimProcess | null }, answer: Settle): void {
  const { leaving, from } = sent;
  const { pathname, search, port, host } = new URL(leaving.url);
  const here = listening.get(Number(port));
  if (!here) return answer(new NetworkError('ECONNREFUSED'));
  const connection = connect(here, from);
  if (connection.isReset) return answer(new NetworkError('ECONNREFUSED'));
  const where = `${leaving.method} :${port}${pathname}`;
  const incoming = Object.assign(Readable.from(leaving.body.length > 0 ? [leaving.body] : [], { objectMode: false }), {
    ...{ method: leaving.method, url: `${pathname}${search}`, headers: { host, ...lowerCase(leaving.headers) } },
    socket: connection,
  });
  const response = respond({
    done(arrived) {
      sim.note(`${where} ${arrived.status}`);
      here.idle.get(from)?.push(connection);
      answer(arrived);
    },
    cut() {
      sim.note(`${where} is cut`);
      answer(new NetworkError('ECONNRESET'));
    },
  });
  here.listener(incoming as unknown as IncomingMessage, response as never);
}

/** A client reuses an idle connection, and opens one when there is none. */
function connect({ idle, connected }: Listening, from: SimProcess | null): Connection {
  const kept = idle.get(from) ?? [];
  idle.set(from, kept);
  const known = kept.pop();
  if (known) return known;
  const opened: Connection = { isReset: false, resetAndDestroy: () => void (opened.isReset = true) };
  for (const tell of connected) tell(opened as unknown as Socket);
  return opened;
}

/** A server's response, sent in one piece. */
function respond({ done, cut }: { done: (arrived: Arrived) => void; cut: () => void }) {
  let [status, headers] = [0, {} as Record<string, string | string[]>];
  return {
    sendDate: true,
    writeHead(code: number, given: Record<string, string | string[]>) {
      [status, headers] = [code, given];
    },
    end: (text = '') => done({ status, headers: lowerCase(headers), text }),
    socket: { resetAndDestroy: cut },
  } satisfies Partial<Record<keyof ServerResponse, unknown>>;
}

function lowerCase<T>(headers: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}
