import { descriptorOf } from '../../../workers/descriptor.js';
import { ownCredentials } from '../../config/references.js';
import { credentialOf, engineOf, rotationPolicyOf } from '../../config/policy.js';
import type { Config } from '../../config/schema.js';
import { isLive } from '../../domain/version.js';
import type { Version } from '../../store/records.js';
import { containmentOf } from '../rotate/plan.js';
import { knownCredential } from '../session/reach.js';
import { notRevoked } from '../session/refusals.js';
import { type Session, workflowOf } from '../session/session.js';

/** Which credentials are meant: the named ones, all, or those that match every given filter. */
export interface Choice {
  readonly names: readonly string[];
  readonly all?: boolean;
  readonly owner?: string;
  readonly provider?: string;
  readonly engine?: string;
}

/** @throws UsageError when the choice is empty, unknown or ambiguous */
export function chosen(config: Config, { names, all = false, owner, provider, engine }: Choice): string[] {
  const filters = [owner, provider, engine].filter((filter) => filter !== undefined);
  if ((names.length > 0 ? 1 : 0) + (all ? 1 : 0) + (filters.length > 0 ? 1 : 0) !== 1)
    throw notRevoked(
      'Say what is compromised, in exactly one way',
      'Name credentials, or give --owner, --provider and --engine, or --all.',
    );
  for (const name of names) knownCredential(config, name);
  if (names.length > 0) return [...new Set(names)];
  const matching = Object.keys(config.credentials).filter((name) => {
    const entry = credentialOf(config, name);
    const facts = [
      [owner, entry.owner],
      [provider, descriptorOf(config, name).provider],
      [engine, entry.engine],
    ] as const;
    return facts.every(([wanted, is]) => wanted === undefined || wanted === is);
  });
  if (matching.length > 0) return matching;
  throw notRevoked('No credential of the configuration matches that', 'See what there is: keyturn status');
}

/** What an emergency of a credential would stop. */
export interface Impact {
  readonly credential: string;
  readonly owner: string | null;
  readonly engine: string;
  /** The settings it feeds: what fails until a new version is in force. */
  readonly settings: readonly string[];
  /** What will be revoked. */
  readonly versions: readonly Pick<Version, 'number' | 'state' | 'providerId' | 'createdAt'>[];
  /** The version in force is among them. */
  readonly stops: boolean;
  /** Titles of the containment steps for each of them. */
  readonly containment: readonly string[];
  readonly outlives: string | null;
  /** The store knows at least one value of it. */
  readonly known: boolean;
  /** Other entries of the configuration sign in with it. */
  readonly own: boolean;
}

/** Reads only the configuration and the store. With `version`, other versions in force stay; null means every live one. */
export async function impactOf(
  { config, store }: Session,
  credential: string,
  version: number | null,
): Promise<Impact> {
  const descriptor = knownCredential(config, credential);
  const all = await store.versions(credential);
  const versions = all.filter(({ state, number, providerId }) => {
    const there = isLive(state) && (state !== 'intended' || providerId !== null);
    const inForceOnce = state === 'current' || state === 'retiring';
    return there && (version === null || number === version || !inForceOnce);
  });
  if (version !== null && !versions.some(({ number }) => number === version))
    throw notRevoked(
      `${credential} has no live version ${version}`,
      `See what there is: keyturn status ${credential}. To identify a leaked value: keyturn identify`,
    );
  const preview = await store.preview(credential);
  return {
    ...{ credential, versions, known: all.length > 0, settings: Object.keys(descriptor.settings) },
    owner: credentialOf(config, credential).owner ?? null,
    engine: engineOf(config, credential).url,
    stops: versions.some(({ state }) => state === 'current'),
    containment: await containmentOf(
      workflowOf(config, credential),
      preview.current ?? preview.next,
      rotationPolicyOf(config, credential, descriptor),
    ),
    outlives: descriptor.outlives ?? null,
    own: ownCredentials(config).has(credential),
  };
}
