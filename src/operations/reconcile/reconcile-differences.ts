import type { DeliveryStatus } from '../../../activities/delivery/status.js';
import type { EngineSurvey, ProviderSurvey, Orphan } from '../../../activities/shared/survey.js';
import { isLive } from '../../domain/version.js';
import type { Intent, RotationRow, Version } from '../../store/records.js';
import { whyNotInForce } from '../rotate/delivery-status.js';
import { endByHand } from './reconcile-by-hand.js';

/** Something that store, provider, engine and Temporal do not agree on. Each is null where it says nothing. */
export interface Difference {
  readonly what: string;
  readonly store: string | null;
  readonly provider: string | null;
  readonly engine: string | null;
  readonly temporal: string | null;
  /** What `keyturn reconcile` can do about it, with consent; null when it leaves it alone. */
  readonly repair: Repair | null;
  /** What a person can do, where there is no repair. */
  readonly next: string | null;
}

export type Repair = Act & {
  /** What would be done, for a person. */
  readonly title: string;
  /** What is typed to consent: the id of what would be deleted, else `yes`. */
  readonly consent: string;
};

export type Act =
  | { readonly kind: 'close-rotation'; readonly rotation: RotationRow; readonly why: string }
  | { readonly kind: 'end-workflow'; readonly workflowId: string; readonly runId: string }
  | { readonly kind: 'record-end'; readonly version: number }
  | { readonly kind: 'write-again'; readonly version: number }
  | { readonly kind: 'deliver-again'; readonly version: number }
  | { readonly kind: 'remove-left-behind' }
  | { readonly kind: 'discard'; readonly version: number }
  | { readonly kind: 'retire'; readonly version: number }
  | { readonly kind: 'delete-orphan'; readonly id: string }
  | { readonly kind: 'settle'; readonly intent: Intent };

/** Everything that is compared for one credential. */
interface Facts {
  readonly credential: string;
  readonly versions: readonly Version[];
  readonly intents: readonly Intent[];
  readonly provider: ProviderSurvey;
  readonly engine: EngineSurvey;
  /** The deliveries of its values. */
  readonly delivered: readonly DeliveryStatus[];
  readonly now: number;
}

const attemptMs = 60_000; // by then no request of an attempt is in flight

/** Where provider and engine differ from the store, in the order in which they are best repaired. */
export function differencesIn(facts: Facts): Difference[] {
  return [
    ...gone(facts),
    ...engineDifferences(facts),
    ...deliveryDifferences(facts),
    ...leftBehind(facts),
    ...orphanedVersions(facts),
    ...openAttempts(facts),
    ...orphans(facts),
    ...backAgain(facts),
  ];
}

export function difference(what: string, says: Partial<Omit<Difference, 'what'>>): Difference {
  return { what, store: null, provider: null, engine: null, temporal: null, repair: null, next: null, ...says };
}

/** `consent`: the id of what would be deleted, left out where nothing would be. */
export function repairBy(act: Act, title: string, consent = 'yes'): Repair {
  return { ...act, title, consent };
}

/** Deleted or revoked at the provider, not by us. */
function gone(facts: Facts): Difference[] {
  return facts.versions
    .filter((version) => isLive(version.state) && verdictOn(facts, version) === 'refused')
    .map(({ number, state }) =>
      difference(`Version ${number} does not work any more`, {
        store: state,
        provider: 'refused',
        repair: repairBy(
          { kind: 'record-end', version: number },
          `Record in the store that version ${number} has ended`,
        ),
      }),
    );
}

function engineDifferences(facts: Facts): Difference[] {
  const { engine } = facts;
  const current = currentOf(facts);
  const foreign = engine.settings.filter(({ version, set }) => version !== current?.number && (set || current));
  const [first] = foreign.filter((setting) => !isAsserted(setting, current));
  if (!first) return [];
  const holder = first.version === null ? null : `version ${first.version}`;
  const keys = foreign.map(({ key }) => key).join(', ');
  const usable = current && !engine.byRestart && !current.compromised && verdictOn(facts, current) === 'accepted';
  return [
    difference(`${keys} does not hold the version that is current in the store`, {
      store: current ? `version ${current.number} is current` : 'no version is current',
      engine: `last changed ${first.changed ?? 'by nobody'}${writerText(holder, first.byUs)}`,
      ...(usable && {
        repair: repairBy(
          { kind: 'write-again', version: current.number },
          `Write version ${current.number} into the engine again, after a proof that it is accepted`,
        ),
      }),
      next: usable ? `Or leave it: the next rotation ${asks}` : insteadOfWriting(facts, current),
    }),
  ];
}

const asks = 'asks about it, and then puts a new value in its place';

function insteadOfWriting({ credential, engine, provider: { byHand } }: Facts, current: Version | undefined): string {
  if (engine.byRestart)
    return `keyturn rotate ${credential} puts a new value in its place. To keep the present one, put it back into the environment file, and restart the engine`;
  if (byHand && current)
    return `Nothing shows whether version ${current.number} still works at ${byHand.name}, so it is not written again. keyturn rotate ${credential} ${asks}`;
  return `If you have the value that is there: keyturn adopt ${credential}. If not: keyturn rotate ${credential} puts a new one in its place`;
}

/** An adopted value that no rotation has confirmed: the engine cannot show that it holds it, and no write by others is known either. */
function isAsserted({ byUs, set }: EngineSurvey['settings'][number], current: Version | undefined): boolean {
  return current !== undefined && current.adopted && Object.keys(current.receipts).length === 0 && !byUs && set;
}

function writerText(holder: string | null, byUs: boolean): string {
  if (holder !== null) return `, which wrote ${holder}`;
  return byUs ? ', as the user of Keyturn, but the store knows nothing of it' : '';
}

/** A place holds something other than the current value. One repair covers all places, and leaves the right ones alone. */
function deliveryDifferences(facts: Facts): Difference[] {
  const { delivered, versions, credential } = facts;
  const current = currentOf(facts);
  if (!current) return [];
  const usable = !current.compromised && verdictOn(facts, current) === 'accepted';
  const title = `Deliver version ${current.number} again, after a proof that it is accepted`;
  return delivered.flatMap((each) => {
    const why = whyNotInForce(each, versions);
    if (why === null) return [];
    return difference(`${each.place} ${why}`, {
      store: `version ${current.number} is current`,
      ...(usable
        ? { repair: repairBy({ kind: 'deliver-again', version: current.number }, title) }
        : { next: `Version ${current.number} is not known to be accepted: keyturn rotate ${credential}` }),
    });
  });
}

/** Files with a value that no delivery will use any more. */
function leftBehind({ delivered }: Facts): Difference[] {
  const names = delivered.flatMap((each) => each.leftBehind);
  if (names.length === 0) return [];
  const repair = repairBy({ kind: 'remove-left-behind' }, `Remove ${names.join(', ')}`);
  return [difference(`An interrupted delivery left ${names.join(', ')}`, { repair })];
}

/** Versions that no rotation will clear away. */
function orphanedVersions(facts: Facts): Difference[] {
  const held = holdsCurrent(facts);
  return facts.versions
    .filter(({ state }) => isLive(state) && state !== 'current')
    .filter((version) => verdictOn(facts, version) !== 'refused')
    .map((version) => {
      const { number, state, engine } = version;
      const { byHand } = facts.provider;
      if (byHand) return orphanByHand(facts, version, byHand);
      const title = state === 'retiring' ? `Retire version ${number}, after fresh proof` : `Discard version ${number}`;
      const safe = held && engine !== 'yes'; // when the engine holds the current version, a write of unknown outcome did not happen
      const kind = state === 'retiring' ? 'retire' : 'discard';
      return difference(`Version ${number} is an orphan`, {
        store: `${state}${version.providerId === null ? '' : ` (${version.providerId})`}`,
        provider: verdictOn(facts, version) ?? null,
        engine: `holds it: ${engine}`,
        ...(safe ? { repair: repairBy({ kind, version: number }, title) } : { next: untilHeld(facts) }),
      });
    });
}

function orphanByHand(facts: Facts, version: Version, byHand: NonNullable<ProviderSurvey['byHand']>): Difference {
  const { credential, engine } = facts;
  const { number, state } = version;
  const current = currentOf(facts);
  const isHeld = version.engine !== 'yes' && engine.settings.every((setting) => setting.version === current?.number);
  const verdict = verdictOn(facts, version);
  const end = endByHand({ credential, number, verdict, byHand, held: isHeld ? current : undefined });
  return difference(`Version ${number} is an orphan`, {
    store: state,
    provider: verdict === 'listed' ? (facts.provider.unlisted ?? null) : (verdict ?? null),
    engine: `holds it: ${version.engine}`,
    ...('record' in end ? { repair: repairBy({ kind: 'record-end', version: number }, end.record) } : end),
  });
}

/** Attempts whose result the provider does not show. */
function openAttempts({ intents, provider, versions, now }: Facts): Difference[] {
  const finished = new Set(versions.filter(({ state }) => state !== 'intended').map(({ number }) => number));
  return intents
    .filter(({ outcome, version, at }) => outcome === 'open' && finished.has(version) && now - at > attemptMs)
    .filter(({ label }) => !provider.orphans.some(({ name }) => name === label))
    .map((intent) =>
      difference(`An attempt may have made "${intent.label}"`, {
        store: 'its outcome is open',
        provider: provider.unlisted ?? 'has nothing of this name',
        repair: repairBy(
          { kind: 'settle', intent },
          `Record that "${intent.label}" was never made${provider.byHand ? `, since nobody finds it at ${provider.byHand.name}` : ''}`,
        ),
      }),
    );
}

function orphans(facts: Facts): Difference[] {
  return facts.provider.orphans
    .filter(({ name }) => !belongsToOrphan(facts, name))
    .map((orphan) => (orphan.madeFor === null ? unknownThing(orphan) : orphanOfOurs(facts, orphan)));
}

/** What belongs to an orphaned version is deleted together with it. */
function belongsToOrphan({ intents, versions }: Facts, name: string): boolean {
  const intent = intents.find(({ label }) => label === name);
  return versions.some(({ number, state }) => number === intent?.version && state !== 'current' && isLive(state));
}

function unknownThing({ id, name }: Orphan): Difference {
  return difference(`${name} is not Keyturn's`, {
    provider: id,
    next: 'Keyturn leaves it alone, because it did not make it.',
  });
}

function orphanOfOurs(facts: Facts, { id, name, madeFor, lastUsedAt }: Orphan): Difference {
  const known = facts.intents.some(({ label }) => label === name);
  const used = lastUsedAt === null ? 'never used' : `last used at ${new Date(lastUsedAt * 1000).toISOString()}`;
  return difference(`"${name}" has Keyturn's label, but is no version of the store`, {
    store: known
      ? 'an attempt that may have made it is open'
      : `knows nothing of it: it was made for version ${madeFor}, perhaps after the backup that was restored`,
    provider: `${id}, ${used}`,
    ...(holdsCurrent(facts)
      ? {
          repair: repairBy({ kind: 'delete-orphan', id }, `Delete ${id}, after fresh proof of the current version`, id),
        }
      : { next: untilHeld(facts) }),
  });
}

/** Versions that have ended in the store, but still exist at the provider. */
function backAgain(facts: Facts): Difference[] {
  return facts.versions
    .filter((version) => !isLive(version.state) && verdictOn(facts, version) === 'listed')
    .map(({ number, state, providerId }) =>
      difference(`Version ${number} has ended in the store, but is still there`, {
        store: state,
        provider: `lists ${providerId}`,
        next: 'Check it at the provider: somebody activated it again, or its end was only attested.',
      }),
    );
}

/** The engine must not use what is deleted, so it first has to be shown to hold the current version. */
function untilHeld({ credential }: Facts): string {
  return `The engine may be using it, so it is left alone until the engine holds the current version: keyturn rotate ${credential}, then keyturn reconcile ${credential}`;
}

function holdsCurrent(facts: Facts): boolean {
  const current = currentOf(facts);
  if (!current || verdictOn(facts, current) !== 'accepted') return false;
  return facts.engine.settings.every(({ version }) => version === current.number);
}

function currentOf({ versions }: Facts): Version | undefined {
  return versions.find(({ state }) => state === 'current');
}

function verdictOn({ provider }: Facts, { number }: Version) {
  return provider.versions.find((surveyed) => surveyed.number === number)?.verdict;
}
