import { UserError } from '../domain/user-error.js';
import type { VersionRef } from '../domain/version.js';
import type { StoreContext } from './context.js';
import { register, unregister } from './credentials.js';
import { StoreBusy } from './failures.js';
import { append } from './ledger.js';
import { openRotation, type Rotation } from './rotations.js';
import {
  currentRow,
  freshRow,
  newestNumber,
  nextNumber,
  partFingerprintsOf,
  type VersionKey,
  type VersionRow,
  versionRow,
} from './rows.js';
import { type Sealed, seal } from './sealing.js';
import { writeStates } from './states.js';
import type { AdoptedValue } from './records.js';

/** Seals before the transaction, since sealing is asynchronous, for the version number that is free then. */
export async function adopt(context: StoreContext, value: AdoptedValue): Promise<VersionRef> {
  const { name: credential, account } = value.credential;
  const ref = { credential, number: await nextNumber(context, credential), fence: 0 };
  const sealed = await seal(context.ring, { ...ref, account, providerId: null }, value.parts);
  return writeStates(context, async (inside) => {
    const conflict = await register(inside, value.credential, value.claims);
    if (conflict) throw conflict;
    const current = await currentRow(inside, credential);
    if (current && holds(current, sealed)) return { ...ref, number: current.number };
    const rotation = await openRotation(inside, credential);
    if (rotation) throw rotating(rotation);
    if (current) throw adoptedAlready(current);
    if ((await newestNumber(inside, credential)) >= ref.number) throw new StoreBusy();
    await insert(inside, ref, { value, sealed });
    return ref;
  });
}

/** Whether a version holds at least the given parts: it may have got more since its adoption. */
function holds(row: VersionRow, { part_fingerprints }: Sealed): boolean {
  const own = partFingerprintsOf(row);
  return Object.entries(partFingerprintsOf({ part_fingerprints })).every(([part, print]) => own[part] === print);
}

async function insert(
  context: StoreContext,
  ref: VersionRef,
  { value, sealed }: { readonly value: AdoptedValue; readonly sealed: Sealed },
): Promise<void> {
  const at = context.now();
  await context.db
    .insertInto('versions')
    .values({
      ...{ ...freshRow(ref, at), ...sealed, promoted_at: at },
      ...{ state: 'current', engine: 'maybe', adopted: 1, sole_user: value.soleUser ? 1 : 0 },
    })
    .execute();
  const entry = { event: 'adopted', credential: ref.credential, version: ref.number, actor: value.actor };
  await append(context, value.soleUser ? { ...entry, detail: 'Only the engine uses it' } : entry);
}

/** Deletes an adopted version. The engine still has the value, so nothing is lost. Refused once a rotation has followed. */
export async function withdraw(context: StoreContext, { credential, number }: VersionRef): Promise<void> {
  const { adopted } = await versionRow(context, { credential, number });
  const newest = await newestNumber(context, credential);
  if (adopted !== 1 || newest !== number) throw inUse({ credential, number });
  const { db } = context;
  await db.deleteFrom('evidence').where('credential', '=', credential).where('version', '=', number).execute();
  await db.deleteFrom('versions').where('credential', '=', credential).where('number', '=', number).execute();
  if ((await newestNumber(context, credential)) === 0) await unregister(context, credential);
  await append(context, { event: 'withdrawn', credential, version: number });
}

function inUse({ credential, number }: VersionKey): UserError {
  return new UserError(
    `The adoption of version ${number} of ${credential} cannot be undone: a rotation has used it, or created it.`,
    {
      state: 'Nothing was changed.',
      next: `Run \`keyturn status\` to see the state of ${credential}.`,
    },
  );
}

function rotating({ credential, workflow_id, opened_at }: Rotation): UserError {
  return new UserError(
    `${credential} is being rotated (${workflow_id}, since ${new Date(opened_at).toISOString()}), so no other value can be adopted.`,
    {
      state: 'Nothing was changed.',
      next: 'Wait until the rotation has ended; `keyturn status` shows its progress. Then adopt again if it is still needed.',
    },
  );
}

function adoptedAlready({ credential, number }: VersionRow): UserError {
  return new UserError(`${credential} already has version ${number}, with another value.`, {
    state: `Nothing was changed: version ${number} is current.`,
    next: `Run \`keyturn rotate ${credential}\` to replace it. If it was changed by hand, first restore version ${number} in the engine: \`keyturn reveal ${credential} --reason "…"\` shows it.`,
  });
}
