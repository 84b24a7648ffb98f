import { EventEmitter } from 'node:events';
import type * as Net from 'node:net';
import { Duplex } from 'node:stream';
import { owner, type SimProcess, Simulation } from './engine.js';
import { freePort, NetworkError } from './network.js';
import { builtin, replace, sim } from './replace.js';

/** How long a piece of a stream is on its way, in ms. */
const way = { from: 0.1, to: 1 };
const address = '127.0.0.1';

let listening = new Map<number, EventEmitter>();

/** Forgets all listeners, for a new case. */
export function resetSockets(): void {
  listening = new Map();
}

/** Streams in memory between simulated systems and their clients. What is written arrives in order, after a delay. */
export function patchSockets(): void {
  const net = builtin<typeof Net>('node:net');
  replace(
    net,
    'createServer',
    (original) => ((...args: [never]) => (sim() ? memoryServer(args[0]) : original(...args))) as never,
  );
  replace(net, 'Socket', (original) => {
    const socket: typeof Net.Socket = new Proxy(original, {
      construct: (target, args, newTarget) =>
        sim() && newTarget === socket
          ? new MemorySocket(Simulation.current!)
          : (Reflect.construct(target, args, newTarget === socket ? target : newTarget) as object),
    });
    return socket;
  });
}

function memoryServer(onConnection: (socket: MemorySocket) => void) {
  const port = freePort();
  const server = new EventEmitter().on('connection', onConnection);
  return Object.assign(server, {
    listen() {
      listening.set(port, server);
      process.nextTick(() => server.emit('listening'));
    },
    address: () => ({ port, address, family: 'IPv4' }),
    close() {
      listening.delete(port);
      process.nextTick(() => server.emit('close'));
    },
  });
}

/**
 * One end of a connection. What arrives for a frozen process waits. The connections of a dead process are cut, as its
 * kernel would do.
 */
class MemorySocket extends Duplex {
  readonly #sim: Simulation;
  readonly #process: SimProcess | undefined;
  #peer: MemorySocket | null = null;
  /** When the last piece arrives: no piece overtakes another. */
  #lastAt = 0;
  bytesWritten = 0;
  bytesRead = 0;
  remoteAddress = address;
  localAddress = address;
  remotePort = 0;
  localPort = 0;

  constructor(simulation: Simulation, from = owner.getStore()) {
    super({ allowHalfOpen: false });
    this.#sim = simulation;
    this.#process = from;
    void from?.exited.promise.then(() => this.destroy());
  }

  connect({ port }: { readonly port: number }): this {
    const server = listening.get(port);
    this.#send(() => {
      if (!server) return this.#arrive(() => void this.destroy(new NetworkError('ECONNREFUSED')));
      const peer = owner.exit(() => new MemorySocket(this.#sim, undefined));
      [this.#peer, peer.#peer] = [peer, this];
      [this.remotePort, this.localPort] = [port, freePort()];
      [peer.remotePort, peer.localPort] = [this.localPort, port];
      owner.exit(() => server.emit('connection', peer));
      peer.#send(() => this.#arrive(() => this.emit('connect')));
    });
    return this;
  }

  override _read(): void {
    // the other end pushes the pieces
  }

  override _write(piece: Buffer, _encoding: string, written: () => void): void {
    this.bytesWritten += piece.length;
    const copy = Buffer.from(piece);
    this.#arrive(() => {
      this.#tell((peer) => {
        if (peer.destroyed) return;
        peer.bytesRead += copy.length;
        peer.push(copy);
      });
      written();
    });
  }

  override _final(ended: () => void): void {
    this.#tell((peer) => void (peer.destroyed || peer.push(null)));
    ended();
  }

  override _destroy(error: Error | null, destroyed: (error: Error | null) => void): void {
    this.#tell((peer) => void (peer.destroyed || peer.push(null)));
    destroyed(error);
  }

  resetAndDestroy(): this {
    this.#tell((peer) => void peer.destroy(new NetworkError('ECONNRESET')));
    this.#peer = null;
    return this.destroy();
  }

  /** Does `work` at the other end. */
  #tell(work: (peer: MemorySocket) => void): void {
    const peer = this.#peer;
    if (peer) this.#send(() => peer.#arrive(() => work(peer)));
  }

  /** Does `work` after the way to the other end, behind everything that was sent before. */
  #send(work: () => void): void {
    const at = Math.max(this.#lastAt, this.#sim.now + this.#sim.random.between(way.from, way.to));
    this.#lastAt = at;
    this.#sim.after(at - this.#sim.now, work);
  }

  /** Does `work` at this end: nothing enters or leaves a frozen process. */
  #arrive(work: () => void): void {
    if (this.#process) this.#process.enter(work);
    else work();
  }

  setNoDelay(): this {
    return this;
  }

  setKeepAlive(): this {
    return this;
  }

  /** Callers that give up have a timer of their own. */
  setTimeout(): this {
    return this;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }
}
