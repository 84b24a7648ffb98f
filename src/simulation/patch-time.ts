import { owner, type Planned, real, Simulation } from './engine.js';
import { type Any, builtin, replace, sim } from './replace.js';

export function patchClock(): void {
  const clock = (): number => {
    const { current } = Simulation;
    return current ? Math.floor(current.now) + (owner.getStore()?.skewMs ?? 0) : real.now();
  };
  replace(Date, 'now', () => clock);
  const [stopwatch, origin] = [performance.now.bind(performance), performance.timeOrigin];
  replace(performance, 'now', () => () => {
    const current = sim();
    return current ? current.now - current.begun : stopwatch();
  });
  Object.defineProperty(performance, 'timeOrigin', { get: () => sim()?.begun ?? origin });
}

/** What `setTimeout` returns. */
class VirtualTimer {
  readonly #again: () => Planned;
  planned: Planned;
  constructor(again: () => Planned) {
    this.#again = again;
    this.planned = again();
  }
  ref(): this {
    return this;
  }
  unref(): this {
    return this;
  }
  hasRef(): boolean {
    return true;
  }
  refresh(): this {
    this.planned.cancelled = true;
    this.planned = this.#again();
    return this;
  }
  close(): void {
    this.planned.cancelled = true;
  }
}

function plan(current: Simulation, ms: number, work: () => void): Planned {
  const process = owner.getStore();
  return current.later(ms, process ? () => process.enter(work) : work);
}

export function patchTimers(): void {
  const timers = builtin<Record<string, Any>>('node:timers');
  const ways = {
    ...{ setTimeout: once, setInterval: repeatedly, setImmediate: soon },
    ...{ clearTimeout: never, clearInterval: never, clearImmediate: never },
  };
  for (const [name, way] of Object.entries(ways)) {
    replace(globalThis as unknown as Record<string, Any>, name, way);
    replace(timers, name, way);
  }
  const promises = builtin<Record<string, Any>>('node:timers/promises');
  replace(promises, 'setTimeout', (original) => (ms: number, value?: unknown, options?: { signal?: AbortSignal }) => {
    const current = sim();
    return current
      ? sleep(current, ms, { value, ...options })
      : original(ms as never, value as never, options as never);
  });
}

type Scheduling = (work: Any, ms: number, ...args: never[]) => unknown;

/** As in Node: at least a millisecond. */
const atLeast = (ms: number): number => Math.max(1, ms || 1);

function once(original: Any): Scheduling {
  return (work, ms, ...args) => {
    const current = sim();
    if (!current) return original(work as never, ms as never, ...args);
    return new VirtualTimer(() => plan(current, atLeast(ms), () => work(...args)));
  };
}

function repeatedly(original: Any): Scheduling {
  return (work, ms, ...args) => {
    const current = sim();
    if (!current) return original(work as never, ms as never, ...args);
    const timer: VirtualTimer = new VirtualTimer(() =>
      plan(current, atLeast(ms), () => {
        if (timer.planned.cancelled) return;
        timer.refresh();
        work(...args);
      }),
    );
    return timer;
  };
}

function soon(original: Any): Any {
  return (work: Any, ...args: never[]) => {
    const current = sim();
    return current ? new VirtualTimer(() => plan(current, 0, () => work(...args))) : original(work as never, ...args);
  };
}

function never(original: Any): Any {
  return (timer: unknown) => (timer instanceof VirtualTimer ? timer.close() : original(timer as never));
}

function sleep(
  current: Simulation,
  ms: number,
  { value, signal }: { value: unknown; signal?: AbortSignal },
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const refuse = (): void => reject(new DOMException('The operation was aborted', 'AbortError'));
    if (signal?.aborted) return refuse();
    const planned = plan(current, Math.max(1, ms || 1), () => {
      signal?.removeEventListener('abort', stop);
      resolve(value);
    });
    function stop(): void {
      planned.cancelled = true;
      refuse();
    }
    signal?.addEventListener('abort', stop, { once: true });
  });
}
