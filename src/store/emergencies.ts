import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { Opened } from '../domain/rotation.js';
import type { VersionRef } from '../domain/version.js';
import type { StoreContext } from './context.js';
import { fenceLost } from './failures.js';
import { append } from './ledger.js';
import { AuditMaterial, type Emergency, type EmergencyAsked, type Writer } from './records.js';
import type { Tables } from './tables.js';

type Row = Tables['emergencies'];

/** Versions to revoke: every live one, or these. */
export type Scope = 'all' | readonly number[];

const Numbers = z.array(z.int());
const Material = z.array(AuditMaterial);

const mostMaterial = 1000; // lines stored with one emergency; a person reads no more

export async function ask(context: StoreContext, asked: EmergencyAsked): Promise<Emergency> {
  const { credential, actor, reason } = asked;
  const versions = asked.versions === null ? null : JSON.stringify(asked.versions);
  const waiting = (await rowsOf(context, credential)).find((row) => row.fence === null && row.versions === versions);
  if (waiting) return toEmergency(waiting);
  const row: Row = {
    ...{ id: randomUUID(), credential, actor, reason, versions, asked_at: asked.askedAt ?? context.now() },
    ...{ fence: null, workflow_id: null, claimed_at: null, targets: '[]', contained_at: null, material: '[]' },
  };
  await context.db.insertInto('emergencies').values(row).execute();
  await append(context, { event: 'emergency', credential, actor, detail: reason });
  return toEmergency(row);
}

/** @throws FenceLost when other workflows handle all of the given emergencies */
export async function scopeOf(context: StoreContext, ids: readonly string[], writer: Writer): Promise<Scope> {
  if (ids.length === 0) return 'all';
  const rows = await context.db.selectFrom('emergencies').selectAll().where('id', 'in', ids).execute();
  const taken = rows.filter((row) => row.workflow_id !== null && row.workflow_id !== writer.workflowId);
  const [first] = taken;
  if (first && taken.length === rows.length)
    throw fenceLost(`the emergency of ${first.credential} is handled by ${first.workflow_id}`);
  if (rows.length < ids.length || rows.some(({ versions }) => versions === null)) return 'all';
  return rows.flatMap(({ versions }) => Numbers.parse(JSON.parse(versions ?? '[]')));
}

interface Claiming {
  readonly ids: readonly string[];
  readonly targets: readonly VersionRef[];
  readonly opened: Opened;
  readonly writer: Writer;
  /** Fence of the rotation that was open before. This rotation continues its emergencies. */
  readonly before: number | null;
}

/** Assigns the emergencies to this rotation. */
export async function claim(context: StoreContext, claiming: Claiming): Promise<void> {
  const { ids, targets, opened, writer, before } = claiming;
  for (const row of await rowsOf(context, opened.next.credential)) {
    if (!ids.includes(row.id) && (row.fence === null || row.fence !== before)) continue;
    const all = new Set([...Numbers.parse(JSON.parse(row.targets)), ...targets.map(({ number }) => number)]);
    await context.db
      .updateTable('emergencies')
      .set({
        ...{ fence: opened.fence, workflow_id: writer.workflowId, claimed_at: row.claimed_at ?? context.now() },
        targets: JSON.stringify([...all].sort((a, b) => a - b)),
      })
      .where('id', '=', row.id)
      .execute();
  }
}

/** Records the time of containment. Idempotent: the first time counts. */
export async function stopClock(context: StoreContext, { credential, number, fence }: VersionRef): Promise<void> {
  const now = context.now();
  for (const row of await rowsOf(context, credential)) {
    if (row.fence !== fence || row.contained_at !== null) continue;
    await context.db.updateTable('emergencies').set({ contained_at: now }).where('id', '=', row.id).execute();
    const detail = `everything known is contained ${((now - row.asked_at) / 1000).toFixed(3)} s after the command`;
    await append(context, { event: 'contained', credential, version: number, fence, detail });
  }
}

export async function keepMaterial(
  context: StoreContext,
  { credential, fence }: VersionRef,
  material: readonly AuditMaterial[],
): Promise<void> {
  for (const row of await rowsOf(context, credential)) {
    if (row.fence !== fence) continue;
    const known = Material.parse(JSON.parse(row.material));
    const fresh = material.filter((each) => !known.some((old) => JSON.stringify(old) === JSON.stringify(each)));
    const text = JSON.stringify([...known, ...fresh].slice(0, mostMaterial));
    await context.db.updateTable('emergencies').set({ material: text }).where('id', '=', row.id).execute();
  }
}

export async function emergencies(context: StoreContext, credential?: string): Promise<Emergency[]> {
  return (await rowsOf(context, credential)).map(toEmergency);
}

async function rowsOf({ db }: StoreContext, credential: string | undefined): Promise<Row[]> {
  const query = db.selectFrom('emergencies').selectAll().orderBy('asked_at', 'desc').orderBy('id');
  return (credential === undefined ? query : query.where('credential', '=', credential)).execute();
}

function toEmergency(row: Row): Emergency {
  const { id, credential, actor, reason, fence } = row;
  return {
    ...{ id, credential, actor, reason },
    versions: row.versions === null ? null : Numbers.parse(JSON.parse(row.versions)),
    ...{ askedAt: row.asked_at, fence, workflowId: row.workflow_id, claimedAt: row.claimed_at },
    targets: Numbers.parse(JSON.parse(row.targets)),
    containedAt: row.contained_at,
    material: Material.parse(JSON.parse(row.material)),
  };
}
