import type { DocuElevateLab } from '../lab/docuelevate/server.js';
import type { FalseSuccess, Issued } from '../lab/issued.js';
import type { LabServer } from '../lab/server.js';
import type { Scenario } from '../lab/scenario.js';
import type { Beside } from './beside.js';

/** A document that a provider took. */
export interface Taken {
  /** The value that it came with, or the part of a value that names it. */
  readonly value: string;
  /** Real time, Unix ms. */
  readonly at: number;
}

/** DocuElevate as the engine, and the documents that go through it. */
export interface Documents {
  readonly lab: DocuElevateLab;
  /** The settings that hold the value. */
  readonly settings: readonly string[];
  /** The step that needs the value. */
  readonly step: string;
  /** Writes a document of somebody's that needs the value. */
  readonly write: (about: string) => Buffer;
  /** The documents that the provider took whose content holds a text, in order. */
  readonly taken: (text: string) => readonly Taken[];
  /** Makes the next document fail whose content holds a text. */
  readonly failOne: (text: string) => void;
  /** Whether it then fails before the step; otherwise it fails at the step. */
  readonly failsEarlier: boolean;
}

/** A procedure's scenario with other people in it, and the truth about what they see. */
export interface Fixture {
  readonly scenario: Scenario;
  /** Every value that was ever issued, oldest first. */
  issued(): Issued[];
  /** A person edits what the rotation writes: to a working value of their own, or back to the adopted one. */
  edit(to: 'own' | 'adopted'): void;
  /** The provider revokes the adopted value on its own. */
  killAdopted(): void;
  /** Makes the clock of the simulated systems jump. */
  skew(ms: number): void;
  readonly systems: readonly LabServer[];
  /** Left out where nothing is deleted through an API of its own. */
  readonly falseSuccess?: FalseSuccess;
  /** Left out where the engine processes no documents of ours. */
  readonly documents?: Documents;
  /** Reasons for which a planned rotation may roll back by itself, besides those that the fault allows. */
  readonly goesBack?: RegExp;
}

/** Starts a fixture with systems of its own, or on the engine of another fixture. */
export type StartFixture = (beside?: Beside) => Promise<Fixture>;
