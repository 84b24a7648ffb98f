import { z } from 'zod';
import { didYouMean } from './nearest.js';
import type { Path } from './yaml-source.js';

/** A mistake in an entry, before its line is looked up. */
export interface ConfigFinding {
  readonly path: Path;
  readonly message: string;
}

const kinds: Readonly<Record<string, string>> = {
  string: 'text',
  array: 'a list',
  object: 'a section with keys',
  record: 'a section with keys',
};

const alternatives = new Intl.ListFormat('en', { type: 'disjunction' });

/** Validates a value against a schema. The messages are our own, and never repeat a value. */
export function examine<S extends z.ZodType>(
  schema: S,
  value: unknown,
): { data?: z.output<S>; findings: ConfigFinding[] } {
  const keysAt = new Map<string, string[]>();
  const result = schema.safeParse(value, {
    error(issue) {
      if (issue.code !== 'unrecognized_keys' || !(issue.inst instanceof z.ZodObject)) return wordingOf(issue);
      keysAt.set(JSON.stringify(issue.path ?? []), Object.keys(issue.inst.shape));
      return undefined;
    },
  });
  if (result.success) return { data: result.data, findings: [] };
  return {
    findings: result.error.issues.flatMap((issue) => findingsOf(issue, keysAt.get(JSON.stringify(issue.path)))),
  };
}

function findingsOf(issue: z.core.$ZodIssue, known: readonly string[] | undefined): ConfigFinding[] {
  // A schema with its own message for unknown keys (SecretRef) must not show the key.
  if (issue.code !== 'unrecognized_keys' || !known) return [{ path: issue.path, message: issue.message }];
  return issue.keys.map((key) => ({
    path: [...issue.path, key],
    message: `is not a key of this section${newName(key, known) ?? didYouMean(key, known)}`,
  }));
}

/** Keys of earlier versions, by their names now. */
const renamed: Readonly<Record<string, string>> = { settling: 'propagation', patience: 'giveUpAfter' };

function newName(key: string, known: readonly string[]): string | null {
  const now = Object.hasOwn(renamed, key) ? renamed[key] : undefined;
  return now !== undefined && known.includes(now) ? `; it is "${now}" now` : null;
}

function wordingOf(issue: z.core.$ZodRawIssue): string {
  if (issue.input === undefined) return 'is missing';
  if (issue.input === null) return 'is empty';
  switch (issue.code) {
    case 'invalid_type':
      return `must be ${kinds[issue.expected] ?? issue.expected}`;
    case 'too_small':
      return 'must not be empty';
    case 'invalid_value':
      return `must be ${alternatives.format(issue.values.map(String))}`;
    case 'invalid_key':
      return issue.issues[0]?.message ?? 'not a name';
    default:
      return 'is not valid';
  }
}
