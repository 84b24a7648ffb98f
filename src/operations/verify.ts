import { randomUUID } from 'node:crypto';
import { runDirectly } from '../../activities/shared/scope.js';
import { descriptorOf } from '../../workers/compose.js';
import { docuelevate } from '../../workflows/systems.js';
import type { Finding } from '../domain/evidence.js';
import { UserError } from '../domain/user-error.js';
import type { Verification } from '../domain/verification.js';
import { explain } from './explain.js';
import { performCall } from './reconcile-run.js';
import type { Session } from './session.js';

/** What is asked for now, instead of at the next look. */
export interface Verifying {
  readonly session: Session;
  readonly credential: string;
  readonly actor: string;
  readonly onStep: (title: string) => void;
  /** Hands in a test document as well, which goes to every destination of the engine. */
  readonly document: boolean;
  /** Leaves the test document in the engine. */
  readonly keep?: boolean;
}

export interface Verified {
  readonly credential: string;
  /** What is known by now; null when nobody could ever look. */
  readonly known: Omit<Verification, 'memory'> | null;
  /** Why nobody looked this time; null when somebody did. */
  readonly skipped: string | null;
  /** What became of the test document; null without one. */
  readonly document: Finding | null;
  /** Whether the engine was made to reload its settings. */
  readonly reloaded: boolean;
  /** From now, when another look can tell more; null when it has nothing to wait for. */
  readonly againMs: number | null;
}

/**
 * Looks at one credential now, in this process: without Temporal. Where the engine may have lost the value, it is made to reload its settings,
 * as by the schedule. What cannot be asked is no finding; it is told as the reason why nobody looked.
 * @throws UserError when a document is asked for that would show nothing
 */
export async function verify(verifying: Verifying): Promise<Verified> {
  const { session, credential, onStep } = verifying;
  const { verification } = session.systems;
  const writer = { workflowId: `verify/${credential}`, runId: randomUUID() };
  const directly = <T>(work: () => Promise<T>): Promise<T> => runDirectly(writer, work);
  const document = verifying.document ? await handIn(verifying) : null;
  onStep('Look at settings, provider and use');
  try {
    const seen = await directly(() => verification.lookAt(credential));
    const { known, skipped, againMs } = seen;
    if (!seen.heal) return { credential, known: shown(known), skipped, document, reloaded: false, againMs };
    onStep('Make the engine reload its settings');
    const { why } = await directly(() => verification.heal(credential));
    return { credential, known: shown(known), skipped: why, document, reloaded: why === null, againMs };
  } catch (error) {
    const why = explain(error).what;
    await verification.keepTrouble({ credential, why });
    const known = shown(await session.store.verification(credential));
    return { credential, known, skipped: why, document, reloaded: false, againMs: null };
  }
}

/** What is compared at the next look is nobody else's business. */
function shown(known: Verification | null): Verified['known'] {
  if (!known) return null;
  const { memory, ...rest } = known;
  return memory && rest;
}

/** As the one writer: it makes the engine reload before the document, where the settings are as Keyturn wrote them. */
async function handIn({ session, credential, actor, onStep, keep = false }: Verifying): Promise<Finding> {
  const { use } = descriptorOf(session.config, credential);
  if (!use) throw shownByNone(credential);
  if (keep && !use.overwrites) throw keptForNothing(credential);
  onStep('Hand in a test document');
  const writer = { workflowId: `verify/${credential}`, runId: randomUUID() };
  const version = await session.store.beginRepair(credential, actor, writer);
  const { step: expect, scanFor } = use;
  const run = { version, expect, ...(scanFor !== undefined && { scanFor }), ...(keep && { keep }) };
  try {
    const { receipts } = await session.store.read(version);
    const isWritten = Object.keys(receipts).length > 0; // an adopted value is where somebody else has put it
    const call = isWritten ? docuelevate.processTestDocument(run) : docuelevate.observeDocument(run);
    return await performCall({ session, writer }, call);
  } finally {
    await session.store.endRepair(version);
  }
}

function shownByNone(credential: string): UserError {
  return new UserError(`No document shows whether the engine uses ${credential}`, {
    state: 'Nothing was changed.',
    next: `Look without one: keyturn verify ${credential}`,
  });
}

function keptForNothing(credential: string): UserError {
  return new UserError(`A document that is kept shows nothing of ${credential}`, {
    state: 'Nothing was changed, and no document was handed in.',
    next: `Only where a destination overwrites it, as S3 does, is a document uploaded again. Hand one in that is deleted: keyturn verify ${credential} --document`,
  });
}
