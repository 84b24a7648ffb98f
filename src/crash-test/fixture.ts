import type { DocuElevateLab } from '../lab/docuelevate/server.js';
import type { LabServer } from '../lab/server.js';
import type { Scenario } from '../lab/scenario.js';
import type { Beside } from './beside.js';

/** A value as its provider sees it. */
export interface Issued {
  readonly value: string;
  /** The name it was given at its creation; null when it has none. */
  readonly label: string | null;
  readonly alive: boolean;
  /** Somebody else's: it must outlive every rotation. */
  readonly foreign: boolean;
  /** Its provider shows it again to whoever may manage it, so it cannot get lost; it is one of the account's own. */
  readonly readable?: true;
  /** We made it, and its provider gives no names: any attempt may have been the one. */
  readonly nameless?: true;
  /** No program may list it: what an attempt made whose answer was lost works until a person ends it, who is told its name. */
  readonly unlisted?: true;
}

/** How a provider says that it ended a value and has not. */
export interface FalseSuccess {
  /** An answer such as it gives when it has. */
  readonly body: () => string;
  /** The request that asks about a value: a proxy refuses it once. */
  readonly probe: string;
}

/** A document that a provider took. */
export interface Taken {
  /** What it came with: a value, or the part of one that names it. */
  readonly value: string;
  /** Real Unix milliseconds. */
  readonly at: number;
}

/** DocuElevate where it is the engine, and the documents that go through it. */
export interface Documents {
  readonly lab: DocuElevateLab;
  /** The settings that are the value's. */
  readonly settings: readonly string[];
  /** The step that needs the value. */
  readonly step: string;
  /** A document of somebody's that needs it. */
  readonly write: (about: string) => Buffer;
  /** What the provider took whose content holds a text, in order. */
  readonly taken: (text: string) => readonly Taken[];
  /** Lets the next document fail whose content holds a text. */
  readonly failOne: (text: string) => void;
  /** Whether it then fails before the step, or at it. */
  readonly failsEarlier: boolean;
}

/** A procedure's scenario with other people in it, and the truth about what they see. */
export interface Fixture {
  readonly scenario: Scenario;
  /** Every value that was ever issued, oldest first. */
  issued(): Issued[];
  /** A person edits what the rotation feeds: to a working value of their own, or back to the one adopted. */
  edit(to: 'own' | 'adopted'): void;
  /** The provider revokes the adopted value by itself. */
  killAdopted(): void;
  /** The simulated systems' clock jumps by this much. */
  skew(ms: number): void;
  readonly systems: readonly LabServer[];
  /** Left out where nothing is deleted through an API of its own. */
  readonly falseSuccess?: FalseSuccess;
  /** Left out where the engine processes no documents of ours. */
  readonly documents?: Documents;
  /** What a planned rotation may be rolled back for by itself, besides what the fault allows. */
  readonly goesBack?: RegExp;
}

/** Starts it with systems of its own, or on the DocuElevate of another fixture. */
export type StartFixture = (beside?: Beside) => Promise<Fixture>;
