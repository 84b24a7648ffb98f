import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { UserError } from '../domain/user-error.js';
import { FilePath } from './fields.js';

// Every schema has its own messages: a wrong reference may be the secret itself, even as a key, so it is never quoted.
const error = ({ input }: { readonly input?: unknown }): string | undefined => {
  const ways = 'write where the secret is kept, as one of { file: path }, { env: NAME } or { credential: name }';
  if (input === undefined || input === null) return `is missing: ${ways}`;
  return typeof input === 'object'
    ? `not a reference to a secret; ${ways}`
    : `a secret must not be in this file; ${ways}`;
};

/** The secret is the content of a file. */
export const FromFile = z.strictObject(
  { file: FilePath.describe('A file that holds only the secret. Relative to this configuration file.') },
  { error },
);

/** The secret is the value of an environment variable. */
export const FromEnv = z.strictObject(
  {
    env: z
      .string()
      .regex(/^[A-Z_][A-Z0-9_]*$/, 'a variable name has capital letters, digits and "_"')
      .describe('An environment variable of the process that uses the secret.'),
  },
  { error },
);

const FromCredential = z.strictObject(
  {
    credential: z.string().min(1).describe('A credential of this file. Its current version is the secret.'),
    part: z.string().min(1).optional().describe('The part of its value, if it has several.'),
  },
  { error },
);

/** A reference to a secret: exactly one of a file, an environment variable and another credential's current version. */
export const SecretRef = z.union([FromFile, FromEnv, FromCredential], { error }).meta({ id: 'SecretRef' });
export type SecretRef = z.infer<typeof SecretRef>;

/** Sources of secrets besides files. */
export interface SecretSources {
  environment(name: string): string | undefined;
  /** The value of a credential's current version. `part` may be left out where there is only one. */
  credential(name: string, part?: string): Promise<string>;
}

/**
 * Reads a secret. Called at each use, so that a changed file takes effect at once. One newline at the end of a file is not part of the
 * secret. A private key has several lines, any other secret has one.
 * @throws UserError with the place, never the value, when there is no usable secret
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
    state: 'The configuration refers to it as the place of a secret. It was not used.',
    next: 'Put the secret there, as one line, or correct the configuration.',
  });
}

function placeOf(ref: SecretRef): string {
  if ('file' in ref) return `The file ${ref.file}`;
  return 'env' in ref ? `The environment variable ${ref.env}` : `The current version of credential ${ref.credential}`;
}
