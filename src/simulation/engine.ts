import { AsyncLocalStorage } from 'node:async_hooks';
import { createHash } from 'node:crypto';
import { Random } from './random.js';

/** The originals, kept before anything is replaced (patches.ts). */
export const real = { setImmediate: globalThis.setImmediate, now: Date.now };

/** Something planned for a virtual moment. */
export interface Planned {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
  cancelled: boolean;
}

/** A simulated process. Its timers, answers and tasks are dropped when it dies, and wait while it is frozen. */
export class SimProcess {
  readonly name: string;
  readonly sim: Simulation;
  state: 'up' | 'frozen' | 'dead' = 'up';
  /** How far its clock is ahead. */
  skewMs = 0;
  readonly exited = Promise.withResolvers<void>();
  /** The credential that a command is about. */
  readonly credential: string | undefined;
  #parked: (() => void)[] = [];

  constructor(sim: Simulation, name: string, credential?: string) {
    this.sim = sim;
    this.name = name;
    this.credential = credential;
  }

  /** Something comes in from outside: it runs now, after a thaw, or never. */
  enter(work: () => void): void {
    if (this.state === 'up') work();
    else if (this.state === 'frozen') this.#parked.push(AsyncLocalStorage.bind(work));
  }

  /** Awaited before anything leaves the process: passes at once, after a thaw, or never. */
  gate(): Promise<void> | undefined {
    if (this.state === 'up') return undefined;
    return new Promise((resolve) => this.enter(resolve));
  }

  freeze(): void {
    if (this.state !== 'up') return;
    this.sim.trace(`${this.name} is frozen`);
    this.state = 'frozen';
  }

  thaw(): void {
    if (this.state !== 'frozen') return;
    this.sim.trace(`${this.name} thaws`);
    this.state = 'up';
    for (const work of this.#parked.splice(0)) this.sim.after(0, () => this.enter(work));
  }

  kill(): void {
    if (this.state === 'dead') return;
    this.sim.trace(`${this.name} dies`);
    this.state = 'dead';
    this.#parked = [];
    this.exited.resolve();
  }
}

/** The process whose code is running; undefined for the world outside and for observers. */
export const owner = new AsyncLocalStorage<SimProcess>();

/**
 * One thread, one event queue, and one clock that jumps from event to event. Every microtask has run between two
 * events, so the seed alone decides what happens.
 */
export class Simulation {
  static current: Simulation | null = null;
  readonly seed: string;
  /** For latencies and the like. */
  readonly random: Random;
  /** For what the product itself draws: keys, nonces, ids. */
  readonly entropy: Random;
  /** Unix ms. */
  readonly begun = Date.UTC(2026, 0, 5, 9);
  /** Unix ms, with fractions. */
  now = this.begun;
  events = 0;
  /** The lines of the log; null unless they were asked for. */
  readonly lines: string[] | null;
  /** Called after each event. */
  onEvent: (() => void) | null = null;
  /**
   * Requests that arrived just now, newest last: the credential that each was made for, and the number of its event.
   */
  #arrivals: { readonly credential: string; readonly event: number }[] = [];
  readonly #log = createHash('sha256');
  readonly #sequence = createHash('sha256');
  readonly #queue: Planned[] = [];
  #order = 0;
  #outside = 0;

  constructor(seed: string, { lines = false }: { readonly lines?: boolean } = {}) {
    this.seed = seed;
    this.random = new Random(`${seed}/latency`);
    this.entropy = new Random(`${seed}/entropy`);
    this.lines = lines ? [] : null;
  }

  /** Adds a line to the log, whose hash tells two runs apart. */
  note(line: string): void {
    this.#log.update(`${this.now.toFixed(3)} ${line}\n`);
    this.lines?.push(`${(this.now - this.begun).toFixed(1).padStart(10)} ${line}`);
  }

  /** Adds an event to the order of events, without its time, and to the log. */
  trace(what: string): void {
    this.#sequence.update(`${what}\n`);
    this.note(what);
  }

  /** Records that a request arrives. What it changes shows after the next event. */
  arrived(credential: string): void {
    this.#arrivals = [...this.#arrivals.slice(-1), { credential, event: this.events }];
  }

  /** Credentials whose requests can have caused what shows now and did not show after the event before. */
  causes(): string[] {
    return this.#arrivals.filter(({ event }) => event >= this.events - 1).map(({ credential }) => credential);
  }

  order(): string {
    return this.#sequence.copy().digest('hex');
  }

  hash(): string {
    return this.#log.copy().digest('hex');
  }

  /** Runs later, in no caller's asynchronous context. */
  after(ms: number, run: () => void): Planned {
    const planned = { at: this.now + Math.max(0, ms), order: this.#order++, run, cancelled: false };
    push(this.#queue, planned);
    return planned;
  }

  /** The same, in the caller's asynchronous context. */
  later(ms: number, run: () => void): Planned {
    const inContext = AsyncLocalStorage.snapshot();
    return this.after(ms, () => inContext(run));
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.after(ms, resolve));
  }

  /** Waits for real work on another thread: the clock stands still until it is done. */
  async outside<T>(work: Promise<T>): Promise<T> {
    this.#outside++;
    try {
      return await work;
    } finally {
      this.#outside--;
    }
  }

  /** Runs events until `main` ends. Rejects when no event is left, or after `mostEvents`. */
  run<T>(main: () => Promise<T>, mostEvents = 2_000_000): Promise<T> {
    if (Simulation.current) throw new Error('one simulation at a time');
    Simulation.current = this;
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    let over = false;
    const end = (settle: () => void): void => {
      over = true;
      settle();
    };
    main().then(
      (value) => end(() => resolve(value)),
      (error: unknown) => end(() => reject(error)),
    );
    const step = (): void => {
      if (over) return;
      if (this.#outside === 0) {
        try {
          this.#happen(mostEvents);
        } catch (error) {
          return end(() => reject(error));
        }
      }
      real.setImmediate(step); // by then all microtasks and ticks have run
    };
    real.setImmediate(step);
    return promise.finally(() => (Simulation.current = null));
  }

  #happen(mostEvents: number): void {
    let next = pop(this.#queue);
    while (next?.cancelled) next = pop(this.#queue);
    if (!next) throw new Error('nothing is left to happen, and the case is not over');
    if (++this.events > mostEvents) throw new Error(`not over after ${mostEvents} events`);
    this.now = Math.max(this.now, next.at);
    next.run();
    this.onEvent?.();
  }
}

function before(a: Planned, b: Planned): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}

function push(heap: Planned[], item: Planned): void {
  let index = heap.push(item) - 1;
  while (index > 0) {
    const parent = (index - 1) >> 1;
    if (!before(item, heap[parent]!)) break;
    heap[index] = heap[parent]!;
    index = parent;
  }
  heap[index] = item;
}

function pop(heap: Planned[]): Planned | undefined {
  const [first] = heap;
  const last = heap.pop();
  if (!first || !last || heap.length === 0) return first;
  let index = 0;
  for (;;) {
    let child = index * 2 + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && before(heap[child + 1]!, heap[child]!)) child++;
    if (!before(heap[child]!, last)) break;
    heap[index] = heap[child]!;
    index = child;
  }
  heap[index] = last;
  return first;
}
