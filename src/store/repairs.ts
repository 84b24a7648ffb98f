import { isLive, type VersionRef } from '../domain/version.js';
import type { StoreContext } from './context.js';
import { needsDecision } from './failures.js';
import { begin, end, nextFence, openRotation, requireFence } from './rotations.js';
import { currentRow, selectVersions } from './rows.js';
import type { Store } from './store.js';

/** A repair counts as an open rotation, so that there is one writer. */
export async function beginRepair(
  context: StoreContext,
  ...[name, actor, writer]: Parameters<Store['beginRepair']>
): Promise<VersionRef> {
  const running = await openRotation(context, name);
  if (running)
    throw needsDecision(`A rotation of ${name} is open (${running.workflow_id}): wait until it ends, or close it`);
  const subject = (await currentRow(context, name)) ?? (await newestLive(context, name));
  const credential = await context.db.selectFrom('credentials').selectAll().where('name', '=', name).executeTakeFirst();
  if (!subject || !credential)
    throw needsDecision(`${name} has no live version in the store, so there is nothing to repair`);
  const next: VersionRef = { credential: name, number: subject.number, fence: await nextFence(context, name) };
  const request = { actor, trigger: 'manual', reason: 'reconcile' } as const;
  const opened = { fence: next.fence, current: null, next, unconfirmed: false };
  await begin(context, { credential, request, writer }, { opened, seized: 0 });
  return next;
}

async function newestLive(context: StoreContext, credential: string) {
  const rows = await selectVersions(context).where('versions.credential', '=', credential).execute();
  return rows.findLast(({ state }) => isLive(state));
}

export async function endRepair(context: StoreContext, ref: VersionRef): Promise<void> {
  await requireFence(context, ref);
  await end(context, ref, { outcome: null, why: 'repairs ended' });
}
