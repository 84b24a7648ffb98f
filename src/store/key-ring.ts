import { createHmac, createSecretKey, type KeyObject, randomBytes, randomUUID } from 'node:crypto';
import { open } from 'node:fs/promises';
import { z } from 'zod';
import { UserError } from '../domain/user-error.js';

/** The installation's keys, as KeyObjects, which print and serialize without their key material. */
export interface KeyRing {
  readonly installation: string;
  /** `kid` of the sealing key for new values. */
  readonly active: string;
  /** Sealing keys (A256GCM) by `kid`. */
  readonly sealing: ReadonlyMap<string, KeyObject>;
  /** HMAC key of fingerprints. It stays when sealing keys are rotated. */
  readonly fingerprint: KeyObject;
  /** HMAC key of the ledger's chain. */
  readonly ledger: KeyObject;
}

/** Source of a key ring: a file (mode 0600), or its text, for instance from an environment variable. */
export type KeyRingSource = { readonly file: string } | { readonly text: string };

const keyBytes = 32; // A256GCM needs exactly 256 bits, which is also a full-strength HMAC-SHA256 key

const Key = z
  .base64url()
  .refine((text) => Buffer.from(text, 'base64url').length === keyBytes)
  .transform((text) => createSecretKey(text, 'base64url'));

const KeyRingFile = z
  .strictObject({
    installation: z.uuid(),
    active: z.string().min(1),
    sealing: z.record(z.string().min(1), Key),
    fingerprint: Key,
    ledger: Key,
    /** Detects a key that is damaged or from another ring. Older rings have none. */
    check: z.string().optional(),
  })
  .refine(({ active, sealing }) => Object.hasOwn(sealing, active))
  .refine(({ check, ...keys }) => check === undefined || check === checkValueOf(keys))
  .transform(({ installation, active, sealing, fingerprint, ledger }): KeyRing => {
    return { installation, active, sealing: new Map(Object.entries(sealing)), fingerprint, ledger };
  });

interface Keys extends Pick<KeyRing, 'fingerprint' | 'ledger'> {
  readonly sealing: Readonly<Record<string, KeyObject>>;
}

/** Depends on every key of a ring and reveals none of them. */
function checkValueOf({ sealing, fingerprint, ledger }: Keys): string {
  const kids = Object.keys(sealing).sort();
  const keys = [...kids.map((kid) => sealing[kid]), fingerprint, ledger].filter((key) => key !== undefined);
  const chained = keys.reduce((text, key) => createHmac('sha256', key).update(text).digest('hex'), kids.join());
  return chained.slice(0, 16); // enough to detect damage, and too short to guess keys by
}

/**
 * Creates a new installation: a key ring file with fresh keys, readable only by its owner.
 * @throws UserError when the file exists or cannot be written
 */
export async function createKeyRing(file: string): Promise<KeyRing> {
  const kid = randomBytes(4).toString('hex');
  const keys = { sealing: { [kid]: newKey() }, fingerprint: newKey(), ledger: newKey() };
  const parsed = {
    sealing: { [kid]: Key.parse(keys.sealing[kid]) },
    ...{ fingerprint: Key.parse(keys.fingerprint), ledger: Key.parse(keys.ledger) },
  };
  const text = JSON.stringify({ installation: randomUUID(), active: kid, ...keys, check: checkValueOf(parsed) });
  try {
    await using handle = await open(file, 'wx', 0o600);
    await handle.writeFile(`${text}\n`);
    await handle.sync();
  } catch (error) {
    throw cannotCreate(file, error);
  }
  return parse(text, file);
}

/** @throws UserError when there is no key ring, it is damaged, or others can read it */
export async function loadKeyRing(source: KeyRingSource): Promise<KeyRing> {
  return 'file' in source ? parse(await readPrivately(source.file), source.file) : parse(source.text, 'the text given');
}

async function readPrivately(file: string): Promise<string> {
  try {
    await using handle = await open(file, 'r');
    if (((await handle.stat()).mode & 0o077) !== 0) throw readableByOthers(file);
    return await handle.readFile('utf8');
  } catch (error) {
    throw error instanceof UserError ? error : cannotRead(file, error);
  }
}

/** The error must not quote the text, so it has no cause and no parser message. */
function parse(text: string, where: string): KeyRing {
  try {
    return KeyRingFile.parse(JSON.parse(text));
  } catch {
    throw new UserError(`The key ring (${where}) is damaged, or not one of Keyturn.`, {
      state: 'Nothing was changed.',
      next: 'Restore it from its backup. The stored values cannot be read without it.',
    });
  }
}

function newKey(): string {
  return randomBytes(keyBytes).toString('base64url');
}

function cannotCreate(file: string, error: unknown): UserError {
  if (codeOf(error) === 'EEXIST')
    return new UserError(`The key ring ${file} already exists.`, {
      state: 'It was not changed.',
      next: 'Keep using it. To start another installation, choose another file.',
    });
  return new UserError(`The key ring ${file} could not be written (${codeOf(error)}).`, {
    state: 'No installation was created.',
    next: 'Choose an existing folder that you may write to. Remove an incomplete file first.',
  });
}

function cannotRead(file: string, error: unknown): UserError {
  const code = codeOf(error);
  if (code !== 'ENOENT')
    return new UserError(`The key ring ${file} could not be read (${code}).`, {
      state: 'The file exists. Nothing was changed.',
      next: 'Run Keyturn as the owner of the file, or change its owner to the user who runs Keyturn (chown). Do not create a new one.',
    });
  return new UserError(`There is no key ring at ${file}.`, {
    state: 'Nothing was changed.',
    next: 'Run `keyturn init` to create one. If there was one before, restore it: stored values cannot be read without it.',
  });
}

function readableByOthers(file: string): UserError {
  return new UserError(`The key ring ${file} can be read by other users than its owner.`, {
    state: 'It was not used, and nothing was changed.',
    next: `Run \`chmod 600 ${file}\`. If somebody else may have read it, treat the stored values as exposed.`,
  });
}

function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : 'unknown reason';
}
