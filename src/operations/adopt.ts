import { ApplicationFailure } from '@temporalio/common';
import { randomUUID } from 'node:crypto';
import { runDirectly } from '../../activities/shared/scope.js';
import { toFailure } from '../../activities/shared/to-failure.js';
import { descriptorOf } from '../../workers/compose.js';
import { docuelevate } from '../../workflows/systems.js';
import type { Run } from '../../workflows/rotation/procedure.js';
import { providerOf } from '../../activities/providers.js';
import { accountOf, claimsOf } from '../config/policy.js';
import { permanent } from '../../activities/shared/failures.js';
import type { ProcedureDescriptor } from '../domain/procedure.js';
import type { Call } from '../domain/call.js';
import type { Finding } from '../domain/evidence.js';
import { UserError } from '../domain/user-error.js';
import type { VersionRef } from '../domain/version.js';
import { type Session, workflowOf } from './session.js';

export interface Adoption {
  readonly credential: string;
  /** The value in force, by parts. */
  readonly parts: Readonly<Record<string, string>>;
  /** The operator stated that only the engine uses it, so the first rotation does not ask before it retires it. */
  readonly soleUser: boolean;
  readonly actor: string;
}

/**
 * Takes the value in force into the store, after the provider accepted it and it was found there. Changes nothing outside.
 * @throws UserError when the value is refused or cannot be attributed; the store is then as before
 */
export async function adopt(
  session: Session,
  adoption: Adoption,
  onStep: (title: string) => void = () => undefined,
): Promise<VersionRef> {
  const { config, store } = session;
  const { credential, soleUser, actor } = adoption;
  const descriptor = descriptorOf(config, credential);
  const parts = partsOf(descriptor, adoption);
  const row = { name: credential, procedure: descriptor.id, account: accountOf(config, credential, descriptor) };
  const before = await store.versions(credential);
  const version = await store.adopt({
    credential: row,
    parts,
    soleUser,
    actor,
    claims: claimsOf(config, credential, descriptor),
  });
  if (before.some(({ number }) => number === version.number)) return version; // adopted already
  const run = directRun(session, version, onStep);
  try {
    await workflowOf(config, credential).procedure.adopt(run, version);
    if (descriptor.engine === 'docuelevate')
      await run.check('DocuElevate shows the value', docuelevate.holdsAdopted(version));
    return version;
  } catch (error) {
    await store.withdraw(version);
    throw error instanceof UserError ? error : refused(credential, error);
  }
}

/** Names of the parts that a person has to give to adopt a value. */
export function partsToGive({ adopts, settings }: Pick<ProcedureDescriptor, 'adopts' | 'settings'>): string[] {
  return adopts === undefined ? [...new Set(Object.values(settings))] : [adopts];
}

function partsOf({ provider }: ProcedureDescriptor, { credential, parts }: Adoption): Readonly<Record<string, string>> {
  try {
    return providerOf(provider).parts(parts);
  } catch {
    throw refused(credential, permanent('Rejected', 'it is not a value of this kind'));
  }
}

/** Runs the steps of a procedure's `adopt` in this process: they only read outside, so they need no durability. */
function directRun({ activities }: Session, next: VersionRef, onStep: (title: string) => void): Run {
  const writer = { workflowId: `adopt/${next.credential}`, runId: randomUUID() };
  async function perform(title: string, call: Call): Promise<unknown> {
    onStep(title);
    const activity = activities[call.activity];
    if (!activity) throw new Error(`no activity is called ${call.activity}`);
    return runDirectly(writer, () => activity(...(call.args as never[])), { key: title });
  }
  const impossible = () => Promise.reject(new Error('adoption does not wait'));
  return {
    next,
    current: null,
    delivers: false,
    retiresUnseen: false,
    async step(title, call) {
      await perform(title, call);
    },
    async check(title, call) {
      const { outcome, detail } = (await perform(title, call)) as Finding;
      if (outcome === 'failed') throw refused(next.credential, ApplicationFailure.nonRetryable(detail));
    },
    tryOut: impossible,
    task: impossible,
    pause: impossible,
    verify: impossible,
  };
}

function refused(credential: string, error: unknown): UserError {
  return new UserError(`The value was not adopted: ${toFailure(error).message}`, {
    state: 'The store is as before, and nothing was changed outside.',
    next: `Give the value that the engine uses now, and try again: keyturn adopt ${credential}`,
    cause: error,
  });
}
