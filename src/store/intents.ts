import { randomBytes } from 'node:crypto';
import { ApplicationFailure } from '@temporalio/common';
import { z } from 'zod';
import type { VersionRef } from '../domain/version.js';
import { refuseSuperseded } from './attempts.js';
import type { StoreContext } from './context.js';
import { needsDecision, notFound } from './failures.js';
import { requireFence } from './rotations.js';
import { sealedRow, update, type VersionKey, type VersionRow, versionRow } from './rows.js';
import { type Sealed, seal } from './sealing.js';
import type { Intent } from './records.js';
import { writeStates } from './states.js';
import type { Store } from './store.js';
import type { Tables } from './tables.js';

const SeenColumn = z.array(z.string());

const labelLength = 64; // AWS user names and OpenAI service accounts may be at least this long

/** The label is never stored but computed from the row, so that a manipulated database cannot make it match other people's keys. */
export function labelOf(
  installation: string,
  { credential, version, nonce }: Pick<Intent, 'credential' | 'version' | 'nonce'>,
): string {
  const start = `keyturn-${installation.slice(0, 8)}-`;
  const end = `-v${version}-${nonce}`;
  return start + inLabel(credential).slice(0, labelLength - start.length - end.length) + end;
}

/** Whether a name looks like a label of a credential. A hint for people when there is no store to prove it. */
export function looksMadeFor(credential: string, name: string): boolean {
  const [, labeled] = /^keyturn-[0-9a-f]{8}-(.+)-v\d+-[0-9a-f]{12}$/.exec(name) ?? [];
  if (labeled === undefined) return false;
  return name.length === labelLength ? inLabel(credential).startsWith(labeled) : inLabel(credential) === labeled;
}

function inLabel(credential: string): string {
  return credential.toLowerCase().replace(/[^a-z0-9]+/g, '-');
}

/** An attempt to create a value at a provider is recorded before it is sent. */
export async function intend(context: StoreContext, ...[ref, how = {}]: Parameters<Store['intend']>): Promise<Intent> {
  await requireFence(context, ref);
  await refuseSuperseded(context, ref.credential, how.writer); // nobody would ever settle the attempt of a frozen one
  const row = await versionRow(context, ref);
  if (row.fingerprint !== null)
    throw ApplicationFailure.retryable(
      `Version ${ref.number} of ${ref.credential} just got its value from another attempt`,
      'Unavailable',
    );
  if (row.state !== 'intended')
    throw needsDecision(
      `Version ${ref.number} of ${ref.credential} is ${row.state}, so nothing is created for it any more`,
    );
  const newest = await newestIntent(context, ref);
  const intent: Tables['intents'] = {
    ...{ nonce: randomBytes(6).toString('hex'), credential: ref.credential, version: ref.number },
    ...{ attempt: (newest?.attempt ?? 0) + 1, outcome: 'open', provider_id: null, at: context.now() },
    seen: how.seen ? JSON.stringify(how.seen) : null,
  };
  await context.db.insertInto('intents').values(intent).execute();
  return toIntent(context, { ...intent, made_as: row.made_as });
}

/** A person makes one value, whoever asks for it: a process that was late must not begin a second attempt, whose name nobody was told. */
export async function intendAsked(
  context: StoreContext,
  ...[ref, writer]: Parameters<Store['intendAsked']>
): Promise<Intent> {
  await requireFence(context, ref);
  const newest = await newestIntent(context, ref);
  if (newest?.outcome !== 'open') return intend(context, ref, { ...(writer && { writer }) });
  const { made_as } = await versionRow(context, ref);
  return toIntent(context, { ...newest, made_as });
}

/** Seals the value before the transaction, which decides whether the seal is used. */
export async function keep(
  context: StoreContext,
  ...[ref, { nonce }, created]: Parameters<Store['keep']>
): Promise<boolean> {
  const before = await versionRow(context, ref);
  const sealed = await seal(context.ring, { ...sealedRow(before), providerId: created.providerId }, created.parts);
  return writeStates(context, async (inside) => {
    await requireFence(inside, ref);
    const row = await versionRow(inside, ref);
    const newest = await newestIntent(inside, ref);
    if (row.state !== 'intended' || row.fingerprint !== null) return false;
    if (newest?.nonce !== nonce || newest.outcome !== 'open') return false;
    await updateIntent(inside, nonce).set({ outcome: 'kept', provider_id: created.providerId }).execute();
    await update(inside, ref)
      .set({ ...sealed, provider_id: created.providerId, state: 'candidate', fence: ref.fence })
      .execute();
    return true;
  });
}

/** Stores the value that a person gave for the newest attempt. Its seal was made before the transaction. */
export async function keepAsked(context: StoreContext, ref: VersionRef, sealed: Sealed): Promise<void> {
  await requireFence(context, ref);
  const row = await versionRow(context, ref);
  const newest = await newestIntent(context, ref);
  if (row.state !== 'intended' || row.fingerprint !== null || newest?.outcome !== 'open')
    throw needsDecision(`Version ${ref.number} of ${ref.credential} is ${row.state} and takes no value now`);
  await updateIntent(context, newest.nonce).set({ outcome: 'kept' }).execute();
  await update(context, ref)
    .set({ ...sealed, state: 'candidate', fence: ref.fence })
    .execute();
}

/** The person says that nothing was created. */
export async function settleAsked(context: StoreContext, ref: VersionKey): Promise<void> {
  const newest = await newestIntent(context, ref);
  if (newest?.outcome === 'open') await updateIntent(context, newest.nonce).set({ outcome: 'nothing-made' }).execute();
}

export async function settle(
  context: StoreContext,
  ...[{ nonce }, outcome]: Parameters<Store['settle']>
): Promise<void> {
  const intent = await context.db.selectFrom('intents').selectAll().where('nonce', '=', nonce).executeTakeFirst();
  if (!intent) throw notFound(`The store has no attempt ${nonce}`);
  if (intent.outcome === 'kept')
    throw needsDecision(
      `The attempt ${nonce} created version ${intent.version} of ${intent.credential}, which is stored`,
    );
  await updateIntent(context, nonce).set({ outcome }).execute();
}

function updateIntent({ db }: StoreContext, nonce: string) {
  return db.updateTable('intents').where('nonce', '=', nonce);
}

async function newestIntent({ db }: StoreContext, { credential, number }: VersionKey) {
  return db
    .selectFrom('intents')
    .selectAll()
    .where('credential', '=', credential)
    .where('version', '=', number)
    .orderBy('attempt', 'desc')
    .limit(1)
    .executeTakeFirst();
}

export async function intents(context: StoreContext, credential: string): Promise<Intent[]> {
  const rows = await context.db
    .selectFrom('intents')
    .innerJoin('versions', (join) =>
      join.onRef('versions.credential', '=', 'intents.credential').onRef('versions.number', '=', 'intents.version'),
    )
    .selectAll('intents')
    .select('versions.made_as')
    .where('intents.credential', '=', credential)
    .orderBy('intents.version')
    .orderBy('intents.attempt')
    .execute();
  return rows.map((row) => toIntent(context, row));
}

function toIntent({ ring }: StoreContext, row: Tables['intents'] & Pick<VersionRow, 'made_as'>): Intent {
  const { credential, version, nonce, outcome, at } = row;
  return {
    ...{ credential, version, nonce },
    label: labelOf(ring.installation, { credential: row.made_as, version, nonce }),
    ...{ outcome, providerId: row.provider_id, at },
    ...(row.seen !== null && { seen: SeenColumn.parse(JSON.parse(row.seen)) }),
  };
}
