import { createHmac, createSecretKey, type KeyObject, randomBytes, randomUUID } from 'node:crypto';
import { open } from 'node:fs/promises';
import { z } from 'zod';
import { UserError } from '../domain/user-error.js';

/** The installation's keys. They are KeyObjects, which print and serialize without their material. */
export interface KeyRing {
  readonly installation: string;
  /** `kid` of the sealing key that new values are sealed with. */
  readonly active: string;
  /** Sealing keys (A256GCM) by `kid`. */
  readonly sealing: ReadonlyMap<string, KeyObject>;
  /** HMAC key of fingerprints; it stays when sealing keys are rotated. */
  readonly fingerprint: KeyObject;
  /** HMAC key of the ledger's chain. */
  readonly ledger: KeyObject;
}

/** Where a key ring is read from: a file (mode 0600), or its text, for instance out of an environment variable. */
export type KeyRingSource = { readonly file: string } | { readonly text: string };

const keyBytes = 32; // A256GCM takes exactly 256 bits; the same is a full-strength HMAC-SHA256 key

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
    /** Tells a key that was damaged, or comes from another ring; rings that were made before have none. */
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

/** Depends on every key of a ring, and tells nothing of them. */
function checkValueOf({ sealing, fingerprint, ledger }: Keys): string {
  const kids = Object.keys(sealing).sort();
  const keys = [...kids.map((kid) => sealing[kid]), fingerprint, ledger].filter((key) => key !== undefined);
  const chained = keys.reduce((text, key) => createHmac('sha256', key).update(text).digest('hex'), kids.join());
  return chained.slice(0, 16); // against damage, and nobody's keys are guessed by it
}

/**
 * Makes a new installation: a key ring file with fresh keys, readable by its owner alone.
 * @throws UserError when the file is there already or cannot be written
 */
export async function createKeyRing(file: string): Promise<KeyRing> {
  const kid = randomBytes(4).toString('hex');
  const keys = { sealing: { [kid]: newKey() }, fingerprint: newKey(), ledger: newKey() };
  const made = {
    sealing: { [kid]: Key.parse(keys.sealing[kid]) },
    ...{ fingerprint: Key.parse(keys.fingerprint), ledger: Key.parse(keys.ledger) },
  };
  const text = JSON.stringify({ installation: randomUUID(), active: kid, ...keys, check: checkValueOf(made) });
  try {
    await using handle = await open(file, 'wx', 0o600);
    await handle.writeFile(`${text}\n`);
    await handle.sync();
  } catch (error) {
    throw cannotCreate(file, error);
  }
  return parse(text, file);
}

/** @throws UserError when there is no key ring, others can read it, or it is not one */
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

/** Whatever is wrong with the text, the error must not quote it: no cause, no parser's message. */
function parse(text: string, where: string): KeyRing {
  try {
    return KeyRingFile.parse(JSON.parse(text));
  } catch {
    throw new UserError(`The key ring (${where}) is not one that Keyturn made, or it is damaged.`, {
      state: 'Nothing was changed.',
      next: 'Restore it from its backup. Values that are stored already cannot be read without it.',
    });
  }
}

function newKey(): string {
  return randomBytes(keyBytes).toString('base64url');
}

function cannotCreate(file: string, error: unknown): UserError {
  if (codeOf(error) === 'EEXIST')
    return new UserError(`There is a key ring already: ${file}.`, {
      state: 'It was left as it is.',
      next: 'Keep using it. To start another installation, choose another file.',
    });
  return new UserError(`The key ring ${file} could not be written (${codeOf(error)}).`, {
    state: 'No installation was made.',
    next: 'Choose a folder that exists and that you may write to; remove an incomplete file first.',
  });
}

function cannotRead(file: string, error: unknown): UserError {
  const code = codeOf(error);
  if (code !== 'ENOENT')
    return new UserError(`The key ring ${file} could not be read (${code}).`, {
      state: 'It is there, and nothing was changed.',
      next: 'Run Keyturn as the user whom it belongs to, or give it to the user who runs Keyturn (chown). Make no new one.',
    });
  return new UserError(`There is no key ring at ${file}.`, {
    state: 'Nothing was changed.',
    next: 'Run `keyturn init` to make one. If there was one before, restore it: stored values cannot be read without it.',
  });
}

function readableByOthers(file: string): UserError {
  return new UserError(`The key ring ${file} can be read by others than its owner.`, {
    state: 'It was not used, and nothing was changed.',
    next: `Run \`chmod 600 ${file}\`. If somebody else may have read it, treat the stored values as exposed.`,
  });
}

function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : 'unknown reason';
}
