import { randomUUID } from 'node:crypto';
import { runDirectly } from '../../../activities/shared/scope.js';
import { descriptorOf } from '../../../workers/descriptor.js';
import { docuelevate } from '../../../workflows/systems.js';
import type { Finding } from '../../domain/evidence.js';
import { UserError } from '../../domain/user-error.js';
import type { Verification } from '../../domain/verification.js';
import { explain } from '../session/explain.js';
import { perform, type Watcher } from '../session/in-process.js';
import { Interrupted } from '../session/refusals.js';
import type { Session } from '../session/session.js';

/** A verification now, instead of at the next scheduled time. */
export interface Verifying extends Watcher {
  readonly session: Session;
  readonly credential: string;
  readonly actor: string;
  /** Hands in a test document as well, which goes to every destination of the engine. */
  readonly document: boolean;
  /** Leaves the test document in the engine. */
  readonly keep?: boolean;
}

export interface Verified {
  readonly credential: string;
  /** What is known; null when the credential could never be verified. */
  readonly known: Omit<Verification, 'memory'> | null;
  /** Why it could not be verified this time; null when it was. */
  readonly skipped: string | null;
  /** The result of the test document; null without one. */
  readonly document: Finding | null;
  /** Whether the engine was made to reload its settings. */
  readonly reloaded: boolean;
  /** How long until another verification can show more; null when waiting shows nothing. */
  readonly againMs: number | null;
}

/**
 * Verifies one credential now, in this process, without Temporal. When the engine may have lost the value, it is made to reload its settings, as
 * in a scheduled verification. A system that cannot be asked gives no finding: `skipped` has the reason.
 * @throws UserError when a document is asked for that would show nothing
 */
export async function verify(verifying: Verifying): Promise<Verified> {
  const { session, credential, onStep, signal } = verifying;
  const { verification } = session.systems;
  const writer = { workflowId: `verify/${credential}`, runId: randomUUID() };
  const directly = <T>(activity: () => Promise<T>): Promise<T> =>
    runDirectly(writer, activity, { ...(signal && { signal }) });
  const document = verifying.document ? await handIn(verifying).catch(interrupted) : null;
  onStep?.('Look at settings, provider and use');
  try {
    const seen = await directly(() => verification.lookAt(credential));
    const { known, skipped, againMs } = seen;
    if (!seen.heal) return { credential, known: withoutMemory(known), skipped, document, reloaded: false, againMs };
    onStep?.('Make the engine reload its settings');
    const { why } = await directly(() => verification.heal(credential));
    return { credential, known: withoutMemory(known), skipped: why, document, reloaded: why === null, againMs };
  } catch (error) {
    signal?.throwIfAborted();
    const why = explain(error).what;
    await verification.keepTrouble({ credential, why });
    const known = withoutMemory(await ofCurrent(session, credential));
    return { credential, known, skipped: why, document, reloaded: false, againMs: null };
  }
}

function interrupted(error: unknown): never {
  throw error instanceof Interrupted ? new Interrupted('The test document may still be in the engine.') : error;
}

/** What is known of the version in force; what is known of an earlier one says nothing of it. */
async function ofCurrent({ store }: Session, credential: string): Promise<Verification | null> {
  const known = await store.verification(credential);
  const current = (await store.versions(credential)).find(({ state }) => state === 'current');
  return known?.version === current?.number ? known : null;
}

/** The memory is only for the next verification. */
function withoutMemory(known: Verification | null): Verified['known'] {
  if (!known) return null;
  const { memory, ...rest } = known;
  return memory && rest;
}

/** Holds the fencing token: where Keyturn wrote the settings, it makes the engine reload before the document. */
async function handIn({ session, credential, actor, keep = false, ...watcher }: Verifying): Promise<Finding> {
  const { use } = descriptorOf(session.config, credential);
  if (!use) throw notShownByDocument(credential);
  if (keep && !use.overwrites) throw uselessToKeep(credential);
  watcher.onStep?.('Hand in a test document');
  const writer = { workflowId: `verify/${credential}`, runId: randomUUID() };
  const version = await session.store.beginRepair(credential, actor, writer);
  const { step: expect, scanFor } = use;
  const run = { version, expect, ...(scanFor !== undefined && { scanFor }), ...(keep && { keep }) };
  try {
    const { receipts } = await session.store.read(version);
    const isWritten = Object.keys(receipts).length > 0; // an adopted value is where somebody else put it
    const call = isWritten ? docuelevate.processTestDocument(run) : docuelevate.observeDocument(run);
    return await perform({ session, writer, ...watcher }, call);
  } finally {
    await session.store.endRepair(version);
  }
}

function notShownByDocument(credential: string): UserError {
  return new UserError(`No document shows whether the engine uses ${credential}`, {
    state: 'Nothing was changed.',
    next: `Verify without one: keyturn verify ${credential}`,
  });
}

function uselessToKeep(credential: string): UserError {
  return new UserError(`A kept document does not show whether the engine uses ${credential}`, {
    state: 'Nothing was changed, and no document was handed in.',
    next: `A kept document is uploaded again only where the destination overwrites it, as S3 does. Use one that is deleted afterwards: keyturn verify ${credential} --document`,
  });
}
