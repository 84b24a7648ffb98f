import type { Duration } from '../domain/duration.js';
import type { Clock } from './clock.js';
import type { LabServer } from './server.js';

export interface ScenarioOptions {
  /** Simulated systems' clock; a fast one makes resolutions of a second stop mattering. */
  readonly clock?: Clock;
  /** Real milliseconds before each answer. */
  readonly latencyMs?: number;
  /** The engine tries its values by itself, every five minutes; not when left out. */
  readonly credentialChecks?: boolean;
  /** How long what a value has issued lives on: no longer than the grace it will be rotated with. Nothing when left out. */
  readonly lifetime?: Duration;
}

export interface Received {
  readonly system: string;
  readonly method: string;
  readonly path: string;
}

/** From the first write of a value until the last one. */
export interface Gap {
  readonly from: number;
  /** Infinity while it lasts. */
  readonly to: number;
}

/** A procedure's fixture: simulated systems in the state a stack is in before its first rotation. */
export interface Scenario {
  /** By a name for people, in the order a rotation meets them. */
  readonly systems: Readonly<Record<string, LabServer>>;
  /** The credential's name in the configuration. */
  readonly credential: string;
  /** `engines` and `credentials` of the configuration; secrets are files named in `secretFiles`. */
  readonly config: {
    readonly engines: Readonly<Record<string, unknown>>;
    readonly credentials: Readonly<Record<string, object>>;
  };
  /** Secrets that Keyturn is given, by file name. */
  readonly secretFiles: Readonly<Record<string, string>>;
  /** The value in force before the first rotation, by parts: what is adopted. */
  readonly adopted: Readonly<Record<string, string>>;
  /** One use as the engine's users cause it, with whatever value the engine holds right now. */
  consume(): Promise<boolean>;
  /** When the engine held halves of two values, in order (Unix ms): a use that begins in one of them may fail. Left out where one write switches. */
  readonly gaps?: () => readonly Gap[];
  /** One use of the adopted value by somebody who found it: whether it was let through. Left out, the truth is asked. */
  readonly abuse?: () => Promise<boolean>;
  /** The truth about values: what the engine holds, and every value that is still accepted. */
  engineHolds(): string | null;
  working(): string[];
  /** What Keyturn asked of the systems so far, in order and below their base addresses; the engine's own traffic is left out. */
  received(): readonly Received[];
  /** Names of files that a writer left which was killed before they took another one's place. Left out where nothing is written to files. */
  readonly leftBehind?: () => string[];
  /** Every secret that exists anywhere in the scenario by now. */
  secrets(): string[];
  stop(): Promise<void>;
}

export type StartScenario = (options?: ScenarioOptions) => Promise<Scenario>;
