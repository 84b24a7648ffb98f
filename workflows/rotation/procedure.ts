import type { Call } from '../../src/domain/call.js';
import type { Duration } from '../../src/domain/duration.js';
import type { Finding } from '../../src/domain/evidence.js';
import type { VersionRef } from '../../src/domain/version.js';

export interface StepOptions {
  /** Takes the step back. Registered before the step runs, since a step that timed out may have happened. */
  readonly undo?: Call<void>;
  /** The new value is used from here on. After this is taken back, what was issued with it (policy `drainMs`) passes before anything else is. */
  readonly drains?: true;
  /** From here on the earlier value is refused and cannot be put back: trouble waits for a person, for as long as it lasts. */
  readonly noWayBack?: true;
}

export interface CheckOptions {
  /** `ask` waits for a decision instead of failing the rotation; such a check is left out of an emergency. */
  readonly whenNot?: 'ask';
}

export interface TryOutOptions {
  readonly undo: Call<void>;
  readonly trial: () => Promise<void>;
  /** Left out, for as long as its checks take. */
  readonly within?: Duration;
}

/** What a procedure is written with. Titles are unique within a phase: they are how a resumed rotation knows what is done. */
export interface Run {
  /** The version this rotation makes. */
  readonly next: VersionRef;
  /** The version in force when the rotation began; null when there is none, as after a containment. */
  readonly current: VersionRef | null;
  /** Whether new values also go somewhere besides the engine, as the runner sees to. Never while something is contained. */
  readonly delivers: boolean;
  /** An old value is retired although nobody can see that the engine uses the new one; otherwise a person is asked. */
  readonly retiresUnseen: boolean;
  step(title: string, call: Call<void>, options?: StepOptions): Promise<void>;
  /** A step whose finding is evidence: `failed` ends the way forward. */
  check(title: string, call: Call<Finding>, options?: CheckOptions): Promise<void>;
  /**
   * Switches something off and sees whether the engine does without it. Whatever fails in `trial` puts it back at once, and only then a
   * person is asked; a `trial` that takes longer than `within` has failed.
   */
  tryOut(title: string, call: Call<void>, options: TryOutOptions): Promise<void>;
  /** Waits until a person has done it (update `completeTask`) and then runs the call; past `due` it is reported as overdue. */
  task(title: string, call: Call<void>, options: { readonly due: Duration }): Promise<void>;
  /** An absolute deadline; somebody in a hurry and an emergency skip it. The proof is taken afresh after it. The policy may change its length. */
  pause(title: string, length: Duration): Promise<void>;
  /** The verify phase once more, for guides that say "verify again". */
  verify(): Promise<void>;
}

/** A guide section as code. The runner owns the order of the phases, the procedure the order of its steps. */
export interface Procedure {
  /** The cheap question whether the provider accepts a version; asked before anything is restored to it. */
  accepts(version: VersionRef): Call<Finding>;
  /** Whether the provider refuses a version; asked before a roll back says that what it took back is gone. */
  refuses(version: VersionRef): Call<Finding>;
  /** What makes an adopted value attributable. */
  adopt(run: Run, version: VersionRef): Promise<void>;
  /**
   * Sees the engine use an adopted version before anything is written, where the provider tells of uses. Left out, the version is accepted,
   * shown by the settings as far as they show it, and nothing else uses it.
   */
  observe?(run: Run, version: VersionRef): Promise<void>;
  replace(run: Run): Promise<void>;
  verify(run: Run, version: VersionRef): Promise<void>;
  /** The first step without undo is the point of no return. */
  retire(run: Run, old: VersionRef): Promise<void>;
  /** Makes every listed version refused, now. Left out, it is `retire` for each of them. */
  contain?(run: Run, versions: readonly VersionRef[]): Promise<void>;
}
