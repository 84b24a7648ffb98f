import { randomUUID } from 'node:crypto';
import { descriptorOf } from '../../../workers/descriptor.js';
import { Exit } from '../../../workflows/rotation/step-failure.js';
import { docuelevate } from '../../../workflows/systems.js';
import { providerOf } from '../../../activities/providers.js';
import { accountOf, claimsOf } from '../../config/policy.js';
import type { ProcedureDescriptor } from '../../domain/procedure.js';
import type { StepFailure } from '../../domain/rotation.js';
import { UserError } from '../../domain/user-error.js';
import { isLive, type VersionRef } from '../../domain/version.js';
import type { Store } from '../../store/store.js';
import { partInProcess, type Watcher } from '../session/in-process.js';
import { NotReachable } from '../session/refusals.js';
import type { Session } from '../session/session.js';

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
export async function adopt(session: Session, adoption: Adoption, watcher: Watcher = {}): Promise<VersionRef> {
  const { config, store } = session;
  const { credential, soleUser, actor } = adoption;
  const descriptor = descriptorOf(config, credential);
  const parts = partsOf(descriptor, adoption);
  const row = { name: credential, procedure: descriptor.id, account: accountOf(config, credential, descriptor) };
  const before = await store.versions(credential);
  const claims = claimsOf(config, credential, descriptor);
  const version = await store.adopt({ credential: row, parts, soleUser, actor, claims });
  if (before.some(({ number }) => number === version.number)) return version; // adopted already
  const writer = { workflowId: `adopt/${credential}`, runId: randomUUID() };
  const run = partInProcess({ session, writer, actor, ...watcher }, version);
  try {
    await requireOwnValue(store, credential, parts);
    await run.during('confirm', async (steps) => {
      await run.definition.procedure.adopt(steps, version);
      if (descriptor.engine === 'docuelevate')
        await steps.check('DocuElevate shows the value', docuelevate.holdsAdopted(version));
    });
    return version;
  } catch (error) {
    await store.withdraw(version);
    throw error instanceof Exit && run.failure ? notAdopted(credential, run.failure) : error;
  }
}

/** A value of two credentials would change on one side alone. */
async function requireOwnValue(store: Store, credential: string, parts: Adoption['parts']): Promise<void> {
  for (const value of Object.values(parts)) {
    const [other] = (await store.identify(value)).filter(
      (each) => each.credential !== credential && isLive(each.state),
    );
    if (!other) continue;
    throw new UserError(`The value was not adopted: it is version ${other.number} of ${other.credential} already`, {
      state: 'The store is as before, and nothing was changed outside.',
      next: `One value that feeds several settings is one credential: name the settings of ${credential} in the entry of ${other.credential}, or give this one a value of its own (docs/by-hand.md).`,
    });
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
    throw notAdopted(credential, { why: 'it is not a value of this kind', kind: 'final' });
  }
}

/** What a person is told: the value is refused, or nobody could judge it. */
export function notAdopted(credential: string, { why, kind }: StepFailure): UserError {
  const away = kind === 'passing'; // the value was not judged at all
  const first = away
    ? 'Run keyturn check, which names what does not answer'
    : 'Give the value that the engine uses now';
  return new (away ? NotReachable : UserError)(`The value was not adopted: ${why}`, {
    state: 'The store is as before, and nothing was changed outside.',
    next: `${first}, and try again: keyturn adopt ${credential}`,
  });
}
