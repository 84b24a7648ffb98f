import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { UserError } from '../domain/user-error.js';
import { FilePath } from './fields.js';

// Their own wording everywhere: what stands in the place of a reference may be the secret itself, even as a key.
const error = ({ input }: { readonly input?: unknown }): string | undefined => {
  const ways = 'write where it is kept, as one of { file: path }, { env: NAME } or { credential: name }';
  if (input === undefined || input === null) return `is missing: ${ways}`;
  return typeof input === 'object' ? `not a place of a secret; ${ways}` : `a secret never stands in this file; ${ways}`;
};

/** The secret is the content of a file. */
export const FromFile = z.strictObject(
  { file: FilePath.describe('A file that holds nothing but the secret; relative to this configuration file.') },
  { error },
);

/** The secret is the value of an environment variable. */
export const FromEnv = z.strictObject(
  {
    env: z
      .string()
      .regex(/^[A-Z_][A-Z0-9_]*$/, 'a variable has a name of capital letters, digits and "_"')
      .describe('An environment variable of the process that uses the secret.'),
  },
  { error },
);

const FromCredential = z.strictObject(
  {
    credential: z.string().min(1).describe('A credential of this file: its current version is the secret.'),
    part: z.string().min(1).optional().describe('Which part of its value, where it has several.'),
  },
  { error },
);

/** Where a secret is kept: exactly one of a file, an environment variable and another credential's current version. */
export const SecretRef = z.union([FromFile, FromEnv, FromCredential], { error }).meta({ id: 'SecretRef' });
export type SecretRef = z.infer<typeof SecretRef>;

/** What a reference may point to besides files. */
export interface SecretSources {
  environment(name: string): string | undefined;
  /** The value of a credential's current version; `part` may be left out where there is one part only. */
  credential(name: string, part?: string): Promise<string>;
}

/**
 * Reads a secret, anew at each use, so that a changed file counts at once. Of a file, one newline at the end is not part of the secret.
 * A private key has several lines, anything else has one.
 * @throws UserError naming the place, never the value, when there is nothing usable
 */
export async function resolveSecret(
  ref: SecretRef,
  sources: SecretSources,
  shape: 'line' | 'lines' = 'line',
): Promise<string> {
  const value = await read(ref, sources);
  if (value === '') throw unusable(ref, 'is empty');
  if (/\p{Cc}/u.test(shape === 'line' ? value : value.replaceAll(/\r?\n/g, '')))
    throw unusable(ref, 'holds a line break or another control character');
  return value;
}

async function read(ref: SecretRef, sources: SecretSources): Promise<string> {
  if ('file' in ref) return (await readText(ref)).replace(/\r?\n$/, '');
  if ('credential' in ref) return sources.credential(ref.credential, ref.part);
  const value = sources.environment(ref.env);
  if (value === undefined) throw unusable(ref, 'is not set');
  return value;
}

async function readText(ref: z.infer<typeof FromFile>): Promise<string> {
  const bytes = await readFile(ref.file).catch((error: NodeJS.ErrnoException) => {
    throw unusable(ref, error.code === 'ENOENT' ? 'does not exist' : `cannot be read (${error.code ?? error.name})`);
  });
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw unusable(ref, 'is not UTF-8 text');
  }
}

function unusable(ref: SecretRef, why: string): UserError {
  return new UserError(`${placeOf(ref)} ${why}`, {
    state: 'A secret is kept there according to the configuration. It was not used.',
    next: 'Put the secret there, as one line, or correct the configuration.',
  });
}

function placeOf(ref: SecretRef): string {
  if ('file' in ref) return `The file ${ref.file}`;
  return 'env' in ref ? `The environment variable ${ref.env}` : `The current version of credential ${ref.credential}`;
}
