import type { Call } from '../../src/domain/call.js';
import type { Duration } from '../../src/domain/duration.js';
import type { Finding } from '../../src/domain/evidence.js';
import type { ByHandPolicy, EnvironmentPolicy } from '../../src/domain/rotation.js';
import type { VersionRef } from '../../src/domain/version.js';
import type { AskPerson } from './ask-person.js';

export interface StepOptions {
  /** Takes the step back. Registered before the step runs, since a step that timed out may have happened. */
  readonly undo?: Call<void>;
  /** The new value is in use from here on. A roll back of this step waits for what was issued with it (policy `drainMs`) to expire. */
  readonly drains?: true;
  /** From here on the earlier value is refused and cannot be put back. A failure waits for a person, without end. */
  readonly noWayBack?: true;
}

export interface CheckOptions {
  /** `ask` waits for a decision instead of failing the rotation. An emergency skips such a check. */
  readonly whenNot?: 'ask';
}

export interface TaskOptions {
  /** Opens the task that takes this one back. Registered before a person is asked. */
  readonly undoTask?: AskPerson;
  /** As for a step, from the moment on that the person has done it. */
  readonly noWayBack?: true;
}

export interface TryOutOptions {
  readonly undo: Call<void>;
  readonly trial: () => Promise<void>;
  /** No limit when left out. */
  readonly within?: Duration;
}

/** What a procedure is written with. Titles are unique within a phase: by them a resumed rotation knows what is done. */
export interface Run {
  /** The version this rotation makes. */
  readonly next: VersionRef;
  /** The version in force when the rotation began; null when there is none, as after a containment. */
  readonly current: VersionRef | null;
  /** Whether new values are also delivered outside the engine; the runner does it. False during a containment. */
  readonly delivers: boolean;
  /** Whether an earlier environment file is kept for an undo. False during a containment. */
  readonly keepsEnvironment: boolean;
  /** The old value is retired even if no provider can show that the engine uses the new one. Otherwise a person is asked. */
  readonly retiresUnseen: boolean;
  /** Present where the engine gets the value by its environment. */
  readonly environment: EnvironmentPolicy | undefined;
  /** How a person rotates this credential. Throws where no person does. */
  readonly byHand: ByHandPolicy;
  step(title: string, call: Call<void>, options?: StepOptions): Promise<void>;
  /** A step whose finding is evidence: `failed` ends the way forward. */
  check(title: string, call: Call<Finding>, options?: CheckOptions): Promise<void>;
  /**
   * Switches something off and runs `trial` to see whether the engine works without it. A failure puts it back at once; only then a person is
   * asked. A `trial` that takes longer than `within` has failed.
   */
  tryOut(title: string, call: Call<void>, options: TryOutOptions): Promise<void>;
  /**
   * A step that a person does. `ask` opens its task in the store. As long as there is a way back, a planned rotation rolls back when the task
   * is declined, or nobody does it in time.
   */
  task(title: string, ask: AskPerson, options?: TaskOptions): Promise<void>;
  /** Follows when the next steps were taken back, newest first. Opens a task with `isTask`. */
  undoLast(title: string, undo: Call<void> | AskPerson, options?: { readonly isTask?: boolean }): void;
  /** Waits until an absolute deadline, then takes the proof again. `end-grace` and an emergency skip it. The policy may change its length. */
  pause(title: string, length: Duration): Promise<void>;
  /** The verify phase once more, for guides that say "verify again". */
  verify(): Promise<void>;
}

/** A guide section as code. The runner owns the order of the phases, the procedure the order of its steps. */
export interface Procedure {
  /** The cheap question whether the provider accepts a version. Asked before anything is restored to it. */
  accepts(version: VersionRef): Call<Finding>;
  /** Whether the provider refuses a version. Asked before a roll back records that its value is gone. */
  refuses(version: VersionRef): Call<Finding>;
  /** Makes an adopted value attributable. */
  adopt(run: Run, version: VersionRef): Promise<void>;
  /**
   * Observes that the engine uses an adopted version before anything is written, where the provider reports uses. When left out: the provider
   * accepts the version, the settings do not contradict it, and nothing else uses it.
   */
  observe?(run: Run, version: VersionRef): Promise<void>;
  /**
   * Asks a person to see that an earlier version still works, before a roll back goes on. Null, or left out, where nobody but the rotation ends it.
   */
  seeEarlier?(run: Run, earlier: VersionRef): AskPerson | null;
  replace(run: Run): Promise<void>;
  verify(run: Run, version: VersionRef): Promise<void>;
  /** The first step without undo is the point of no return. */
  retire(run: Run, old: VersionRef): Promise<void>;
  /** Makes every listed version refused, now. `retire` for each of them when left out. */
  contain?(run: Run, versions: readonly VersionRef[]): Promise<void>;
}
