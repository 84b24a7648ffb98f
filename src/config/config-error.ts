import { UserError } from '../domain/user-error.js';

/** Something that is wrong at one place of the configuration file. */
export interface Problem {
  /** Both count from 1. */
  readonly line: number;
  readonly column: number;
  /** For instance `credentials.openai.engine`; empty where the problem is not about one entry. */
  readonly path: string;
  /** Never holds a value that stands where a secret belongs. */
  readonly message: string;
}

/** The configuration cannot be used. The message lists every problem with its place. */
export class ConfigError extends UserError {
  readonly problems: readonly Problem[];

  constructor(what: string, { next, problems = [] }: { next: string; problems?: readonly Problem[] }) {
    super(what, { state: 'Nothing was started and nothing was changed.', next });
    this.problems = problems;
  }
}

/** The error for a file that was read and is not right. */
export function configErrorOf(file: string, problems: readonly Problem[]): ConfigError {
  const count = problems.length === 1 ? 'a problem' : `${problems.length} problems`;
  const lines = problems.map(({ line, column, path, message }) =>
    [`${file}:${line}:${column}`, path && `${path}:`, message].filter(Boolean).join(' '),
  );
  return new ConfigError([`${file} has ${count}:`, ...lines].join('\n'), {
    next: 'Correct these places, then run: keyturn check',
    problems,
  });
}
