import type { Opened } from '../domain/rotation.js';
import { isLive, type VersionRef, type VersionState } from '../domain/version.js';
import { requireNewest } from './attempts.js';
import type { StoreContext } from './context.js';
import { claim, type Scope, scopeOf } from './emergencies.js';
import { begin, end, enter, isOf, openRotation, type Opening, preview, resume, type Rotation } from './rotations.js';
import { freshRow, selectVersions, update, type VersionRow, versionRow } from './rows.js';
import type { Seized } from './records.js';
import type { Store } from './store.js';

/** Takeover by an emergency, which never waits. */
export async function seize(
  context: StoreContext,
  ...[credential, request, writer]: Parameters<Store['seize']>
): Promise<Seized> {
  const { emergencies: ids = [] } = request;
  await requireNewest(context, credential.name, writer);
  await enter(context, credential, []);
  const scope = await scopeOf(context, ids, writer);
  const running = await openRotation(context, credential.name);
  const alive = await mayBeAlive(context, credential.name);
  const opened = await resumeOrTakeOver(context, { credential, request, writer }, { running, alive });
  const doomed = alive.filter((row) => isTarget(row, scope));
  const targets = doomed.map(({ number }) => ({ credential: credential.name, number, fence: opened.fence }));
  for (const target of targets) await update(context, target).set({ compromised: 1 }).execute();
  await claim(context, { ids, targets, opened, writer, before: running?.fence ?? null });
  return { opened, targets, replace: mustReplace(alive, doomed) };
}

/** Resumes the emergency's rotation for the same run. Otherwise takes over. */
async function resumeOrTakeOver(
  context: StoreContext,
  opening: Opening,
  { running, alive }: { readonly running: Rotation | undefined; readonly alive: readonly VersionRow[] },
): Promise<Opened> {
  const spare = running && (await isSpare(context, running, alive)) ? running.version : null;
  const repeated = spare !== null && running?.seized === 1 && isOf(running, opening.writer);
  return repeated ? resume(context, running) : takeOver(context, opening, { running, spare });
}

/** Versions that were never in force are targets as well: the rotation that made them is over, and nothing else would end them. */
function isTarget({ number, state }: VersionRow, scope: Scope): boolean {
  const inForceOnce: readonly VersionState[] = ['current', 'retiring'];
  return scope === 'all' || scope.includes(number) || !inForceOnce.includes(state);
}

/** No replacement is needed when the engine holds a version that is no target. */
function mustReplace(alive: readonly VersionRow[], doomed: readonly VersionRow[]): boolean {
  const current = alive.find(({ state }) => state === 'current');
  return !current || doomed.includes(current) || doomed.some(({ engine }) => engine === 'yes' || engine === 'maybe');
}

/**
 * Every version that its provider may accept. An intended version counts only with a recorded attempt, an ended one only while the
 * outcome of an attempt is unknown.
 */
export async function mayBeAlive({ db, ...context }: StoreContext, credential: string): Promise<VersionRow[]> {
  const rows = await selectVersions({ db, ...context })
    .where('versions.credential', '=', credential)
    .execute();
  const intents = await db.selectFrom('intents').selectAll().where('credential', '=', credential).execute();
  const attempted = new Set(intents.map(({ version }) => version));
  const unknown = new Set(intents.filter(({ outcome }) => outcome === 'open').map(({ version }) => version));
  return rows.filter(({ state, number, provider_id }) => {
    if (!isLive(state)) return unknown.has(number);
    return state !== 'intended' || attempted.has(number) || provider_id !== null;
  });
}

/** Whether a rotation's next version was never attempted. A repair has no next version. */
async function isSpare(
  context: StoreContext,
  { credential, version: number }: Rotation,
  alive: readonly VersionRow[],
): Promise<boolean> {
  const { state } = await versionRow(context, { credential, number });
  return state === 'intended' && !alive.some((row) => row.number === number);
}

/** Raises the fence, which stops the earlier writer. Reuses a next version that was never attempted. */
async function takeOver(
  context: StoreContext,
  opening: Opening,
  { running, spare }: { readonly running: Rotation | undefined; readonly spare: number | null },
): Promise<Opened> {
  const fresh = await preview(context, opening.credential.name);
  const next: VersionRef = { ...fresh.next, number: spare ?? fresh.next.number };
  if (running)
    await end(context, refOf(running), {
      outcome: 'abandoned',
      why: `an emergency took over: ${opening.request.reason}`,
    });
  if (spare === null) await context.db.insertInto('versions').values(freshRow(next, context.now())).execute();
  else await update(context, next).set({ fence: next.fence }).execute();
  const opened = { ...fresh, next };
  await begin(context, opening, { opened, seized: 1 });
  return opened;
}

function refOf({ credential, version, fence }: Rotation): VersionRef {
  return { credential, number: version, fence };
}
