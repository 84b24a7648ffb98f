import { createHmac } from 'node:crypto';
import { flattenedDecrypt, FlattenedEncrypt } from 'jose';
import { z } from 'zod';
import { canonicalJson } from './canonical-json.js';
import { needsDecision } from './failures.js';
import type { KeyRing } from './key-ring.js';

/** A credential's value: its parts by name. */
export type Parts = Readonly<Record<string, string>>;

/** The row that a sealed value is bound to. Always taken from the row where the seal is stored, so that it opens nowhere else. */
export interface SealedRow {
  readonly credential: string;
  readonly number: number;
  /** Engine and provider account of the credential. */
  readonly account: string;
  readonly providerId: string | null;
}

/** The columns of a sealed value. */
export interface Sealed {
  readonly sealed: string;
  readonly kid: string;
  readonly fingerprint: string | null;
  readonly part_fingerprints: string;
}

const Jwe = z.strictObject({
  protected: z.string(),
  iv: z.string(),
  ciphertext: z.string(),
  tag: z.string(),
  aad: z.string(),
});
const SealedParts = z.record(z.string(), z.string());

/** Seals the parts as a flattened JWE bound to their row, and fingerprints them. Without parts the seal still authenticates the row. */
export async function seal(ring: KeyRing, row: SealedRow, parts: Parts): Promise<Sealed> {
  const jwe = await new FlattenedEncrypt(Buffer.from(canonicalJson(parts)))
    .setProtectedHeader({ alg: 'dir', enc: 'A256GCM', kid: ring.active })
    .setAdditionalAuthenticatedData(Buffer.from(associatedData(ring, row)))
    .encrypt(keyOf(ring, ring.active));
  const byPart = Object.entries(parts).map(([name, value]) => [name, fingerprintOfPart(ring, name, value)] as const);
  return {
    sealed: JSON.stringify(jwe),
    kid: ring.active,
    fingerprint: byPart.length === 0 ? null : fingerprintOf(ring, parts),
    part_fingerprints: canonicalJson(Object.fromEntries(byPart)),
  };
}

/**
 * The parts of a value. None while neither a value nor a provider id is known.
 * @throws NeedsDecision with the row's name when the value was sealed for another row, or the ring has no key for it
 */
export async function unseal(ring: KeyRing, row: SealedRow & { readonly sealed: string | null }): Promise<Parts> {
  if (row.sealed === null && row.providerId === null) return {};
  try {
    const jwe = Jwe.parse(JSON.parse(row.sealed ?? ''));
    const aad = Buffer.from(associatedData(ring, row)).toString('base64url');
    const { plaintext } = await flattenedDecrypt({ ...jwe, aad }, ({ kid } = {}) => keyOf(ring, kid), {
      keyManagementAlgorithms: ['dir'],
      contentEncryptionAlgorithms: ['A256GCM'],
    });
    return SealedParts.parse(JSON.parse(Buffer.from(plaintext).toString()));
  } catch {
    throw needsDecision(
      `Version ${row.number} of ${row.credential} cannot be unsealed: its database row was changed by something other than Keyturn, or the key ring is another one. Compare the database with its backup before you continue`,
    );
  }
}

/** Fingerprint of a whole value. It is keyed, so it reveals nothing without the ring. */
export function fingerprintOf(ring: KeyRing, parts: Parts): string {
  return createHmac('sha256', ring.fingerprint).update(canonicalJson(parts)).digest('hex');
}

/** Fingerprint of one part, which identifies a leaked value. */
export function fingerprintOfPart(ring: KeyRing, name: string, value: string): string {
  return createHmac('sha256', ring.fingerprint)
    .update(JSON.stringify([name, value]))
    .digest('hex');
}

function associatedData(ring: KeyRing, { credential, number, account, providerId }: SealedRow): string {
  return canonicalJson({ installation: ring.installation, credential, version: number, account, providerId });
}

function keyOf(ring: KeyRing, kid: string | undefined) {
  const key = ring.sealing.get(kid ?? '');
  if (!key) throw new Error('the ring has no such key');
  return key;
}
