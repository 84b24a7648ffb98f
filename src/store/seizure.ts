import type { Opened } from '../domain/rotation.js';
import { isLive, type VersionRef } from '../domain/version.js';
import { type StoreContext, write } from './context.js';
import { begin, end, enter, isOf, openRotation, type Opening, preview, resume, type Rotation } from './rotations.js';
import { freshRow, selectVersions, update, type VersionRow, versionRow } from './rows.js';
import type { Store } from './store.js';

/** Emergencies: they wait for nobody. */
export function seizureQueries(context: StoreContext): Pick<Store, 'seize'> {
  return {
    seize: (credential, request, presenter) =>
      write(context, (inside) => seize(inside, { credential, request, presenter })),
  };
}

async function seize(context: StoreContext, opening: Opening): ReturnType<Store['seize']> {
  await enter(context, opening.credential, []);
  const running = await openRotation(context, opening.credential.name);
  const alive = await mayBeAlive(context, opening.credential.name);
  const spare = running && (await isSpare(context, running, alive)) ? running.version : null;
  const repeated = spare !== null && running?.seized === 1 && isOf(running, opening.presenter);
  const opened = repeated ? await resume(context, running) : await takeOver(context, opening, { running, spare });
  const targets = alive.map(({ credential, number }) => ({ credential, number, fence: opened.fence }));
  for (const target of targets) await update(context, target).set({ compromised: 1 }).execute();
  return { opened, targets };
}

/** Every version that its provider may accept. An intended one for which no attempt is on record cannot be among them. */
async function mayBeAlive({ db, ...context }: StoreContext, credential: string): Promise<VersionRow[]> {
  const rows = await selectVersions({ db, ...context })
    .where('versions.credential', '=', credential)
    .execute();
  const intents = await db.selectFrom('intents').select('version').where('credential', '=', credential).execute();
  const attempted = new Set(intents.map(({ version }) => version));
  return rows.filter(
    ({ state, number, provider_id }) =>
      isLive(state) && (state !== 'intended' || attempted.has(number) || provider_id !== null),
  );
}

/** A next version that nothing was tried for. Repairs name a version that is no next one. */
async function isSpare(
  context: StoreContext,
  { credential, version: number }: Rotation,
  alive: readonly VersionRow[],
): Promise<boolean> {
  const { state } = await versionRow(context, { credential, number });
  return state === 'intended' && !alive.some((row) => row.number === number);
}

/** The higher fence stops whoever was writing. A next version that nothing was tried for yet is as good as a new one. */
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
