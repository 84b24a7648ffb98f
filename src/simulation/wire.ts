import { owner, type Planned, type Simulation } from './engine.js';

const rpc = { from: 0.2, to: 5 }; // ms, one way

/** What lies between the server and its peers: delays, and times in which the server does not answer. */
export class Wire {
  readonly #sim: Simulation;
  #downUntil = 0;

  constructor(sim: Simulation) {
    this.#sim = sim;
  }

  /** Makes the server unavailable for `ms`. Calls are repeated meanwhile, and its own timers fire afterwards. */
  away(ms: number): void {
    this.#downUntil = Math.max(this.#downUntil, this.#sim.now + ms);
    this.#sim.note(`Temporal is away for ${ms.toFixed(0)} ms`);
  }

  /** A round trip to the server, repeated while it is away. */
  call<T>(work: () => T | Promise<T>): Promise<T> {
    const from = owner.getStore();
    return new Promise((resolve, reject) => {
      this.receive(() => {
        const answer = (settle: () => void): void =>
          void this.#sim.after(this.delay(), () => (from ? from.enter(settle) : settle()));
        const answered = (async () => work())();
        answered.then(
          (value) => answer(() => resolve(value)),
          (error: Error) => answer(() => reject(error)),
        );
      });
    });
  }

  delay(): number {
    return this.#sim.random.between(rpc.from, rpc.to);
  }

  /** Does `work` at the server, now or when it is back. */
  receive(work: () => void): void {
    this.#sim.after(this.delay(), () => this.whenUp(work));
  }

  whenUp(work: () => void): void {
    if (this.#sim.now >= this.#downUntil) return work();
    this.#sim.after(this.#downUntil - this.#sim.now + this.#sim.random.between(0, 200), () => this.whenUp(work));
  }

  alarm(ms: number, work: () => void): Planned {
    const alarm = this.#sim.after(ms, () => this.whenUp(() => alarm.cancelled || work()));
    return alarm;
  }
}
