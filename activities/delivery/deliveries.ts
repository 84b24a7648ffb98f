import { basename, dirname, join } from 'node:path';
import type { CheckOutcome, Finding } from '../../src/domain/evidence.js';
import { isLive, type VersionRef } from '../../src/domain/version.js';
import type { WriteReceipt, WriteReceipts, Version } from '../../src/store/records.js';
import { reporting } from '../shared/evidence.js';
import { requireFence } from '../shared/fencing.js';
import { formerAmong } from '../shared/former.js';
import { asking } from '../shared/lease.js';
import { needsDecision } from '../shared/failures.js';
import type { DeliveryDeps } from './activities.js';
import { namesIn, removeFile } from './files.js';
import { keepBefore, type Place, placeOf, putBack, requireValue } from './places.js';
import { runCommand } from './run-command.js';
import { holderOf, keptPath, receiptKey, sweep } from './status.js';
import { type CommandTarget, nameOf, type Target } from './target.js';

/** Writes the version's value to every configured place. The earlier content is kept beside it. */
export async function deliver(deps: DeliveryDeps, ref: VersionRef): Promise<void> {
  const { store } = deps;
  const { targets, feedsEngine } = deps.deliveries(ref.credential);
  await store.note(ref, { receipts: receiptsOf(targets, { before: 0 }), ...(feedsEngine && { engine: 'maybe' }) });
  for (const target of targets) await deliverTo({ deps, ref, target });
  await store.note(ref, {
    receipts: receiptsOf(targets, { before: 0, ours: 1 }),
    ...(feedsEngine && { engine: 'yes' }),
  });
}

/** Restores the content from before the version, unless somebody has changed it since. */
export async function restore(deps: DeliveryDeps, ref: VersionRef): Promise<void> {
  const { store } = deps;
  const { targets, feedsEngine } = deps.deliveries(ref.credential);
  const { receipts, engine } = await store.read(ref);
  if (feedsEngine && (engine === 'never' || engine === 'no')) return;
  const former = await formerOf(deps, ref);
  if (former?.compromised)
    throw needsDecision(`version ${former.number} of ${ref.credential} is compromised and is not restored`);
  const begun = targets.filter((target) => feedsEngine || receipts[receiptKey(target)] !== undefined);
  for (const target of begun.reverse()) await restoreAt({ deps, ref, target }, former);
  if (!feedsEngine) return;
  await store.note(ref, { engine: 'no' });
  if (former) await store.note({ ...ref, number: former.number }, { engine: 'yes' });
}

/** The write receipts of targets: the delivery has begun, or is done (`ours`). */
function receiptsOf(targets: readonly Target[], receipt: WriteReceipt): WriteReceipts {
  return Object.fromEntries(targets.map((target) => [receiptKey(target), receipt]));
}

/** Whether every place still holds the version's value. */
export async function isDelivered(deps: DeliveryDeps, ref: VersionRef): Promise<Finding> {
  const { targets, feedsEngine } = deps.deliveries(ref.credential);
  const say = reporting(deps.store, ref, feedsEngine ? 'setting-ours' : 'delivered');
  if (targets.length === 0) return say('not-observable', 'no delivery is configured');
  const { outcome, detail = 'every place holds it' } = await sightOf(deps, ref);
  return say(outcome, detail);
}

/** The state of one target, or the worst one of several. `detail` says what is wrong. */
export interface Sight {
  readonly outcome: CheckOutcome;
  readonly detail?: string;
}

/** Whether every place holds the version's value. Records nothing. */
export async function sightOf(deps: DeliveryDeps, ref: VersionRef): Promise<Sight> {
  asking();
  const seen: Sight[] = [];
  for (const target of deps.deliveries(ref.credential).targets) seen.push(await lookAt({ deps, ref, target }));
  const worst = (['failed', 'not-observable'] as const).find((each) => seen.some(({ outcome }) => outcome === each));
  if (!worst) return { outcome: 'proved' };
  return { outcome: worst, detail: seen.flatMap(({ detail }) => detail ?? []).join('; ') };
}

/** A difference is no failure for an adopted value, which may have been written in another way than ours. */
async function lookAt(delivery: Delivery): Promise<Sight> {
  const { deps, ref, target } = delivery;
  const place = placeOf(target);
  if (!place) return { outcome: 'not-observable', detail: 'a value given to a command cannot be read back' };
  const { adopted, parts } = await deps.store.read(ref);
  const known = !adopted || parts.includes(partOf(delivery));
  if (known && (await place.read()) === place.spell(await valueFor(delivery))) return { outcome: 'proved' };
  return { outcome: adopted ? 'not-observable' : 'failed', detail: `${place.name} does not show our value` };
}

/** Deletes the kept content from before the version. */
export async function forgetEarlier(deps: DeliveryDeps, ref: VersionRef): Promise<void> {
  for (const target of deps.deliveries(ref.credential).targets) {
    const place = placeOf(target);
    if (!place) continue;
    await sweep(place, ref.credential);
    const prefix = basename(keptPath(place, ref.credential, ''));
    const folder = dirname(place.path);
    const kept = (await namesIn(folder)).filter(
      (name) => name.startsWith(prefix) && Number(name.slice(prefix.length)) <= ref.number,
    );
    for (const name of kept) await removeFile(join(folder, name));
  }
}

interface Delivery {
  readonly deps: DeliveryDeps;
  readonly ref: VersionRef;
  readonly target: Target;
}

async function deliverTo(delivery: Delivery): Promise<void> {
  const { deps, ref, target } = delivery;
  const value = await valueFor(delivery);
  const place = placeOf(target);
  const requireWriter = () => requireFence(deps.store, ref); // called again just before a file changes
  await requireWriter();
  if (!place) return runCommand(commandOf(target), deps.environment, { input: value });
  await sweep(place, ref.credential);
  const spelled = place.spell(value);
  const now = await place.read();
  if (now !== spelled) {
    await requireUnchanged(delivery, place, now);
    await keepBefore(place, keptPath(place, ref.credential, ref.number));
    await place.write({ from: now, to: spelled, requireWriter });
  }
  await reload(delivery);
}

async function restoreAt(delivery: Delivery, former: Version | null): Promise<void> {
  const { deps, ref, target } = delivery;
  const place = placeOf(target);
  const requireWriter = () => requireFence(deps.store, ref);
  await requireWriter();
  if (place) {
    await sweep(place, ref.credential);
    await putBack(place, keptPath(place, ref.credential, ref.number), {
      ours: await valueFor(delivery),
      requireWriter,
    });
    return reload(delivery);
  }
  const parts = former ? await deps.store.unseal(former) : {};
  const value = parts[partOf(delivery)];
  if (value === undefined)
    throw needsDecision(
      `version ${ref.number} of ${ref.credential} stays where the command wrote it: no earlier value is known`,
    );
  await runCommand(commandOf(target), deps.environment, { input: value });
}

/** The place must still hold our last delivery. Without an earlier delivery of ours there is nothing to compare with. */
async function requireUnchanged({ deps, ref, target }: Delivery, place: Place, now: string | null): Promise<void> {
  const former = await formerOf(deps, ref);
  if (former?.receipts[receiptKey(target)]?.ours === undefined) return;
  const value = await valueFor({ deps, ref: { ...ref, number: former.number }, target });
  if (now === place.spell(value) || (await isDeadOneOfOurs(deps, ref, place))) return;
  throw needsDecision(
    `${place.name} does not show our value: it was changed since version ${former.number} was delivered`,
  );
}

/** Whether the place holds an ended value of ours, which a late attempt may have written. */
async function isDeadOneOfOurs({ store }: DeliveryDeps, { credential }: VersionRef, place: Place): Promise<boolean> {
  const held = await holderOf(store, credential, place);
  return held !== null && (held.compromised || !isLive(held.state));
}

async function formerOf({ store }: DeliveryDeps, { credential, number }: VersionRef): Promise<Version | null> {
  return formerAmong(await store.versions(credential), { number }) ?? null;
}

async function valueFor(delivery: Delivery): Promise<string> {
  const { deps, ref, target } = delivery;
  const part = partOf(delivery);
  return requireValue((await deps.store.unseal(ref))[part], part, nameOf(target));
}

function partOf({ deps, ref, target }: Delivery): string {
  return target.part ?? deps.deliveries(ref.credential).part;
}

function commandOf(target: Target): CommandTarget['command'] {
  return 'command' in target ? target.command : [];
}

async function reload({ deps, target }: Delivery): Promise<void> {
  if ('reload' in target && target.reload) await runCommand(target.reload, deps.environment);
}
