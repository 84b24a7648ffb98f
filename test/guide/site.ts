import { randomBytes } from 'node:crypto';
import type { DocuElevateLab, DocuElevateLabOptions } from '../../src/lab/docuelevate/server.js';
import type { LabAccount } from '../../src/lab/logins/account.js';
import type { Peer } from '../../src/lab/docuelevate/peers.js';

/** The system that lets a value in, with a person at it. */
export interface Site {
  /** What DocuElevate has to know of it besides the value. */
  readonly options: Partial<DocuElevateLabOptions>;
  /** The value in force before the first rotation. */
  readonly first: string;
  /** Of its provider section in the configuration; the overlap is the guide's. */
  readonly provider: Readonly<Record<string, unknown>>;
  /** Whether it lets a value in now, as somebody else than Keyturn finds out. */
  accepts(value: string): boolean | Promise<boolean>;
  /** Makes a new value, where it has a form of its own. */
  issue?(): string;
  /** A person sets a new value there: beside the others, or in their place where one works at a time. */
  set(value: string): void;
  /** A person ends a value there. */
  end(value: string): void;
  /** Makes the proof of the next value fail, where its write can be taken back. Returns what ends this. */
  trouble?(): () => void;
  /** Makes DocuElevate use this value, where it has the choice between two. */
  prepare?(docuelevate: DocuElevateLab): void;
  /** Called as soon as DocuElevate runs. */
  meet?(docuelevate: DocuElevateLab): void;
  stop?(): Promise<void>;
}

export function fresh(): string {
  return `a-value-${randomBytes(12).toString('hex')}`;
}

/** Takes every document of whoever it lets in. */
export function peerOf(logIn: Peer['logIn']): Peer {
  const taken = new Set<string>();
  return {
    logIn,
    has: (name) => taken.has(name),
    take(name) {
      taken.add(name);
      return null;
    },
  };
}

type Values = Pick<Site, 'first' | 'accepts' | 'set' | 'end'>;

/** An account that has one value at a time. */
export function oneOf(account: LabAccount): Values {
  return {
    ...{ first: account.password, accepts: (value) => account.working().includes(value) },
    ...{ set: (value) => account.setPassword(value), end: () => account.setPassword(fresh()) },
  };
}

/** Values that work side by side until somebody ends one. */
export function among(live: Set<string>, first = fresh()): Values {
  live.add(first);
  return {
    ...{ first, accepts: (value) => live.has(value), set: (value) => void live.add(value) },
    end: (value) => void live.delete(value),
  };
}
