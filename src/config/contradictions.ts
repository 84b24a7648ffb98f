import { type Duration, durationMs } from '../domain/duration.js';
import {
  deliveredPart,
  partsOf,
  type ProcedureDescriptor,
  type Recommendation,
  recommendationText,
} from '../domain/procedure.js';
import type { ConfigFinding } from './findings.js';
import { didYouMean } from './nearest.js';
import type { Outline } from './outline.js';
import { settingFindings, withSettings } from './by-hand.js';
import { accountClaimOf, claimOf } from './policy.js';
import { type Reference, references, referencesIn } from './references.js';
import { doubleWriters, environmentFindings } from './via-environment.js';
import type { Path } from './yaml-source.js';

/** A credential's entry, with its engine's and its procedure, where they are known. */
type Entry = Outline['credentials'][string] & {
  readonly name: string;
  readonly path: Path;
  readonly used: Outline['engines'][string] | undefined;
  readonly known: ProcedureDescriptor | undefined;
};

/** Contradictions between entries, each of which may be valid by itself. */
export function contradictions(outline: Outline, catalog: readonly ProcedureDescriptor[]): ConfigFinding[] {
  const entries = Object.entries(outline.credentials).map(([name, fields]): Entry => {
    const procedure = catalog.find(({ id }) => id === fields.procedure);
    const known = procedure?.anySetting ? withSettings(procedure, fields) : procedure;
    return { ...fields, name, path: ['credentials', name], used: outline.engines[fields.engine ?? ''], known };
  });
  const environments = entries.map(({ path, known: descriptor, used: engine, ...fields }) => ({
    ...{ path, fields, engine, descriptor },
  }));
  return [
    ...entries.flatMap((entry) => unknownEngine(entry, Object.keys(outline.engines))),
    ...unknownCredentials(outline),
    ...circles(entries),
    ...doubleClaims(entries),
    ...entries.flatMap(interval),
    ...entries.flatMap((entry) => wrongEngine(entry, catalog)),
    ...entries.flatMap(shortGrace),
    ...entries.flatMap(deliveries),
    ...entries.flatMap(needlessPause),
    ...entries.flatMap(({ path, known, ...fields }) => (known?.anySetting ? settingFindings(path, known, fields) : [])),
    ...environments.flatMap(environmentFindings),
    ...doubleWriters(environments),
  ];
}

function unknownEngine({ path, engine }: Entry, engines: readonly string[]): ConfigFinding[] {
  if (engine === undefined || engines.includes(engine)) return [];
  return [{ path: [...path, 'engine'], message: `there is no engine "${engine}"${didYouMean(engine, engines)}` }];
}

function unknownCredentials(outline: Outline): ConfigFinding[] {
  const names = Object.keys(outline.credentials);
  return referencesIn(outline)
    .filter(({ credential }) => !names.includes(credential))
    .map(({ path, credential }) => ({
      path,
      message: `refers to a credential that is not in this file${didYouMean(credential, names)}`,
    }));
}

/**
 * Circular references: a provider section whose secret depends on its own credential, directly or through others.
 * An engine may sign in with a credential that Keyturn writes into it, for instance its administrator's password.
 */
function circles(entries: readonly Entry[]): ConfigFinding[] {
  const needed = new Map(
    entries.map(({ name, path, provider }) => [name, references(provider, [...path, 'provider'])]),
  );
  return [...needed].flatMap(([name, own]) =>
    own
      .map(({ path, credential }) => ({ path, route: routeTo(name, [credential], needed) }))
      .filter(({ route }) => route.length > 0)
      .map(({ path, route }) => ({ path, message: `circular reference: ${[name, ...route].join(' needs ')}` })),
  );
}

/** The names on the path to a credential; empty when there is no path. */
function routeTo(goal: string, route: readonly string[], needed: ReadonlyMap<string, Reference[]>): readonly string[] {
  const last = route.at(-1);
  if (last === undefined || last === goal) return route;
  return (needed.get(last) ?? [])
    .filter(({ credential }) => !route.includes(credential))
    .map(({ credential }) => routeTo(goal, [...route, credential], needed))
    .reduce((found, next) => (found.length > 0 ? found : next), []);
}

function doubleClaims(entries: readonly Entry[]): ConfigFinding[] {
  const owners = new Map<string, string>();
  return [...entries.flatMap(settingClaims), ...entries.flatMap(accountClaim)].flatMap(({ entry, claim, conflict }) => {
    const owner = owners.get(claim);
    if (owner === undefined) owners.set(claim, entry.name);
    return owner === undefined ? [] : [{ path: entry.path, message: `"${owner}" ${conflict}` }];
  });
}

interface Claim {
  readonly entry: Entry;
  readonly claim: string;
  /** Completes the message that begins with the name of the first owner. */
  readonly conflict: string;
}

function settingClaims(entry: Entry): Claim[] {
  const { kind, url } = entry.used ?? {};
  if (kind === undefined || url === undefined) return [];
  return Object.keys(entry.known?.settings ?? {}).map((setting) => {
    const conflict = `already feeds ${setting} of the same engine; a setting belongs to one credential`;
    return { entry, claim: claimOf({ kind, url }, setting), conflict };
  });
}

function accountClaim(entry: Entry): Claim[] {
  const provider = entry.known?.provider;
  const claim = provider === undefined ? null : accountClaimOf(provider, entry.provider);
  const conflict = `already rotates the keys of the same ${provider} account; they belong to one credential`;
  return claim === null ? [] : [{ entry, claim, conflict }];
}

function interval({ path, known, schedule, grace }: Entry): ConfigFinding[] {
  if (!known) return [];
  if (schedule?.cron !== undefined)
    return cronFindings([...path, 'schedule', 'cron'], { ...schedule, recommended: known });
  const every = schedule?.every ?? known.every;
  if (every !== null) return intervalFindings(path, { ...schedule, grace, every, recommended: known });
  return schedule ? [{ path: [...path, 'schedule'], message: needsInterval(known) }] : [];
}

interface Interval {
  readonly recommended: Recommendation;
  readonly every?: Duration | undefined;
  readonly reason?: string | undefined;
  readonly jitter?: Duration | undefined;
  readonly grace?: Duration | undefined;
}

function intervalFindings(
  path: Path,
  { recommended, every, reason, jitter, grace }: Interval & { readonly every: Duration },
): ConfigFinding[] {
  const changed = recommended.every === null || durationMs(every) !== durationMs(recommended.every);
  const reaches = (length: Duration | undefined): boolean =>
    length !== undefined && durationMs(length) >= durationMs(every);
  const graceWhy = `a grace of ${grace} does not end before the next rotation, after ${every}`;
  const jitterWhy = `a delay of up to ${jitter} reaches the next rotation, after ${every}`;
  return [
    ...(changed && !reason ? [unexplained([...path, 'schedule', 'every'], recommended)] : []),
    ...(reaches(grace) ? [{ path: [...path, 'grace'], message: graceWhy }] : []),
    ...(reaches(jitter) ? [{ path: [...path, 'schedule', 'jitter'], message: jitterWhy }] : []),
  ];
}

/** A cron expression has no fixed interval, so a grace is not compared with it. */
function cronFindings(path: Path, { recommended, every, reason }: Interval): ConfigFinding[] {
  return [
    ...(every === undefined ? [] : [{ path, message: 'an interval ("every") is set as well; keep one of the two' }]),
    ...(reason ? [] : [unexplained(path, recommended)]),
  ];
}

function unexplained(path: Path, recommended: Recommendation): ConfigFinding {
  const message = `the rotation guide recommends a rotation ${recommendationText(recommended)}; add "reason:" and say why it differs`;
  return { path, message };
}

/** Without an interval nothing would ever begin in its window. */
function needsInterval(recommended: Recommendation): string {
  return `the rotation guide names no interval for it, only "${recommendationText(recommended)}": add "every:" and "reason:", or leave "schedule:" out`;
}

function wrongEngine({ path, known, engine, used }: Entry, catalog: readonly ProcedureDescriptor[]): ConfigFinding[] {
  const kind = used?.kind;
  if (!known || kind === known.engine || !catalog.some((each) => each.engine === kind)) return [];
  const message = `${known.id} needs an engine of the kind ${known.engine}, but "${engine}" is a ${kind}`;
  return [{ path: [...path, 'engine'], message }];
}

/** The old key must not expire before the tokens that it signed. */
function shortGrace({ path, known, used, grace = '24 hours' }: Entry): ConfigFinding[] {
  const signs = known?.settings['jwt'] !== undefined;
  const lifetime = used?.jwt?.tokenLifetime ?? '1 hour';
  if (!signs || used?.kind !== 'document-engine' || durationMs(grace) >= durationMs(lifetime)) return [];
  const message = `a grace of ${grace} ends before the tokens that the old key signed: they live for ${lifetime}`;
  return [{ path: [...path, 'grace'], message }];
}

/** A missing target, or a wrong part of the value. */
function deliveries({ path, known, deliver }: Entry): ConfigFinding[] {
  if (!known) return [];
  if (!deliver) return missingDelivery(known).map((message) => ({ path, message }));
  return deliver.flatMap(({ part }, index) =>
    wrongPart(known, part).map((message) => ({
      path: [...path, 'deliver', index, ...(part === undefined ? [] : ['part'])],
      message,
    })),
  );
}

function missingDelivery({ delivers }: ProcedureDescriptor): string[] {
  if (delivers === undefined) return [];
  return [`say with "deliver:" where a new ${delivers} goes; otherwise its users are locked out`];
}

function wrongPart(descriptor: ProcedureDescriptor, part: string | undefined): string[] {
  const parts = partsOf(descriptor);
  const choice = parts.map((each) => `part: ${each}`).join(' or ');
  if (part === undefined && deliveredPart(descriptor) === undefined)
    return [`say which part of the value goes there: write ${choice}`];
  if (part === undefined || parts.includes(part)) return [];
  return [`a value of ${descriptor.id} has no part "${part}"${didYouMean(part, parts)}; write ${choice}`];
}

function needlessPause({ path, known, pause }: Entry): ConfigFinding[] {
  if (!known || known.pause !== undefined || pause === undefined) return [];
  const message = `${known.id} does not disable a value before it deletes it, so there is no pause; the wait before the deletion is "grace"`;
  return [{ path: [...path, 'pause'], message }];
}
