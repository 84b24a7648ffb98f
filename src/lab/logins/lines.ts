import { createServer, type AddressInfo, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { TLSSocket } from 'node:tls';
import type { Clock } from '../clock.js';
import { createFaults, type FaultPlan, type Faults } from '../faults.js';
import type { LabRequest } from '../server.js';

/** Certificate and key of a lab server, as PEM text. */
export interface LabTls {
  readonly cert: string;
  readonly key: string;
}

export interface LineOptions {
  /** Offers TLS; without it there is none. */
  readonly tls?: LabTls;
  /** TLS from the first byte on. */
  readonly implicit?: boolean;
  readonly clock?: Clock;
}

/** A client's connection. */
export interface LineClient {
  say(...lines: readonly string[]): void;
  /** Closes the connection after what was said. */
  close(): void;
  readonly isProtected: boolean;
  readonly offersTls: boolean;
  /** Begins TLS; say first that it begins. */
  protect(): void;
  /** Performs a login, and records it as `LOGIN /user`. Faults hit it. `fail` answers that something of the server's own fails. */
  attempt(username: string, act: { readonly apply: () => number; readonly fail: () => void }): void;
}

/** A simulated server of a protocol of lines. */
export interface LineServer {
  readonly port: number;
  /** Logins. An HTTP status stands for the protocol's own. */
  readonly requests: readonly LabRequest[];
  readonly faults: Faults;
  /** Every line that clients sent. */
  readonly lines: readonly string[];
  /** Number of open connections. */
  open(): number;
  stop(): Promise<void>;
}

/** Says the greeting, and answers one line after the other. */
export type Converse = (client: LineClient) => (line: string) => void;

/** Serves what `converse` answers. It is called once per connection. */
export async function serveLines(converse: Converse, options: LineOptions): Promise<LineServer> {
  const sockets = new Set<Socket>();
  const records: Records = { clock: Date.now, ...options, faults: createFaults(), requests: [], lines: [] };
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => undefined);
    serveOne(socket, converse, records);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { requests, faults, lines } = records;
  return {
    ...{ requests, faults, lines, port: (server.address() as AddressInfo).port, open: () => sockets.size },
    async stop() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

interface Records extends LineOptions {
  readonly clock: Clock;
  readonly faults: FaultPlan;
  readonly requests: (LabRequest & { status?: number })[];
  readonly lines: string[];
}

function serveOne(raw: Socket, converse: Converse, records: Records): void {
  const { tls, implicit = false } = records;
  const state = { socket: raw, isMuted: false, rest: '' };
  const read = (chunk: Buffer): void => {
    const lines = (state.rest + chunk.toString()).split(/\r?\n/);
    state.rest = lines.pop() ?? '';
    for (const line of lines) {
      records.lines.push(line);
      answer(line);
    }
  };
  const client: LineClient = {
    say: (...lines) => void (state.isMuted || state.socket.write(lines.map((line) => `${line}\r\n`).join(''))),
    close: () => void state.socket.end(),
    get isProtected() {
      return state.socket !== raw;
    },
    offersTls: tls !== undefined && !implicit,
    protect() {
      raw.removeAllListeners('data');
      state.rest = ''; // nothing from before counts
      state.socket = new TLSSocket(raw, { isServer: true, ...tls });
      state.socket.on('error', () => undefined).on('data', read);
    },
    attempt: (username, act) => perform(records, { username, ...act, cut: () => void raw.resetAndDestroy(), mute }),
  };
  const mute = (): void => void (state.isMuted = true);
  if (implicit) client.protect();
  else raw.on('data', read);
  const answer = converse(client);
}

interface Attempt {
  readonly username: string;
  readonly apply: () => number;
  readonly fail: () => void;
  readonly cut: () => void;
  readonly mute: () => void;
}

/** Records a login, and applies faults to it. */
function perform({ clock, requests, faults }: Records, { username, apply, fail, cut, mute }: Attempt): void {
  const entry: LabRequest & { status?: number } = { method: 'LOGIN', path: `/${username}`, query: '', at: clock() };
  requests.push(entry);
  const fault = faults.take('LOGIN', entry.path);
  if (fault === 'hang') return;
  if (fault === 'reset-before') return cut();
  if (typeof fault === 'object' && fault !== null && 'status' in fault) return fail();
  if (fault === 'reset-after') mute();
  const answer = (): void => {
    entry.status = apply();
    if (fault === 'reset-after') cut();
  };
  if (typeof fault === 'object' && fault !== null) void delay(fault.slowMs).then(answer);
  else answer();
}
