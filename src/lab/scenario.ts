import type { Duration } from '../domain/duration.js';
import type { Clock } from './clock.js';
import type { SharedOptions } from './docuelevate/shared.js';
import type { Worker } from './people.js';
import type { LabServer } from './server.js';

export interface ScenarioOptions extends SharedOptions {
  /** Clock of the simulated systems. With a fast one, tests need not wait for resolutions of a second. */
  readonly clock?: Clock;
  /** Real milliseconds before each answer. */
  readonly latencyMs?: number;
  /** The engine checks its values by itself every five minutes; off when left out. */
  readonly credentialChecks?: boolean;
  /** DocuElevate has an environment file, and a program that recreates its containers. */
  readonly deployed?: boolean;
  /** Time that a process needs to start then, real milliseconds. */
  readonly bootMs?: number;
  /** Lifetime of tokens issued with a value, at most the grace of the rotation; no lifetime when left out. */
  readonly lifetime?: Duration;
}

export interface Received {
  readonly system: string;
  readonly method: string;
  readonly path: string;
}

/** The time from the first write of a value to the last one. */
export interface Gap {
  readonly from: number;
  /** Infinity while it lasts. */
  readonly to: number;
}

/** A procedure's fixture: simulated systems in the state before their first rotation. */
export interface Scenario {
  /** The systems by a name for people, in the order in which a rotation uses them. */
  readonly systems: Readonly<Record<string, LabServer>>;
  /** The credential's name in the configuration. */
  readonly credential: string;
  /** `engines` and `credentials` of the configuration. Secrets are in the files of `secretFiles`. */
  readonly config: {
    readonly engines: Readonly<Record<string, unknown>>;
    readonly credentials: Readonly<Record<string, object>>;
  };
  /** Secrets given to Keyturn, by file name. */
  readonly secretFiles: Readonly<Record<string, string>>;
  /** The value in force before the first rotation, by parts. It is adopted. */
  readonly adopted: Readonly<Record<string, string>>;
  /** One use caused by the engine's users, with the value that the engine holds right now. */
  consume(): Promise<boolean>;
  /** Times in which the engine held parts of two values, in order (Unix ms). A use in one of them may fail. Left out where one write switches. */
  readonly gaps?: () => readonly Gap[];
  /** One use of the adopted value by an attacker: whether it was accepted. Left out, `working` decides. */
  readonly abuse?: () => Promise<boolean>;
  /** The value that the engine really holds. */
  engineHolds(): string | null;
  /** Every value that is really still accepted. */
  working(): string[];
  /** Keyturn's requests to the systems so far, in order, with paths below their base addresses. Without the engine's own requests. */
  received(): readonly Received[];
  /** Names of temporary files left by a writer that was killed. Left out where nothing is written to files. */
  readonly leftBehind?: () => string[];
  /** Every secret that exists in the scenario by now. */
  secrets(): string[];
  /** Does what tasks ask for. Left out where nobody is asked. */
  readonly people?: Worker;
  stop(): Promise<void>;
}

export type StartScenario = (options?: ScenarioOptions) => Promise<Scenario>;
