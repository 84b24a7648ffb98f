import { counted } from '../domain/counted.js';
import { UserError } from '../domain/user-error.js';

/** A mistake at one place of the configuration file. */
export interface Problem {
  /** Line and column count from 1. */
  readonly line: number;
  readonly column: number;
  /** For instance `credentials.openai.engine`; empty where the problem is not about one entry. */
  readonly path: string;
  /** Never contains a value, because it may be a secret in the wrong place. */
  readonly message: string;
}

/** The configuration cannot be used. The message lists every problem with its location. */
export class ConfigError extends UserError {
  readonly problems: readonly Problem[];

  constructor(what: string, { next, problems = [] }: { next: string; problems?: readonly Problem[] }) {
    super(what, { state: 'Nothing was started and nothing was changed.', next });
    this.problems = problems;
  }
}

/** The error for a readable file with mistakes. */
export function configErrorOf(file: string, problems: readonly Problem[]): ConfigError {
  const lines = problems.map(({ line, column, path, message }) =>
    [`${file}:${line}:${column}`, path && `${path}:`, message].filter(Boolean).join(' '),
  );
  return new ConfigError([`${file} has ${counted(problems.length, 'problem')}:`, ...lines].join('\n'), {
    next: 'Correct these lines, then run: keyturn check',
    problems,
  });
}
