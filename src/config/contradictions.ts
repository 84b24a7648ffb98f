import { type Duration, durationMs } from '../domain/duration.js';
import type { ProcedureDescriptor } from '../domain/procedure.js';
import { deliveries } from './deliveries.js';
import type { ConfigFinding } from './findings.js';
import { didYouMean } from './nearest.js';
import type { Outline } from './outline.js';
import { accountClaimOf, claimOf } from './policy.js';
import type { Path } from './yaml-source.js';

export interface Reference {
  readonly path: Path;
  readonly credential: string;
}

/** Contradictions between entries, each of which may be valid by itself. */
export function contradictions(outline: Outline, catalog: readonly ProcedureDescriptor[]): ConfigFinding[] {
  return [
    ...unknownEngines(outline),
    ...unknownCredentials(outline),
    ...circles(outline),
    ...doubleClaims(outline, catalog),
    ...intervals(outline, catalog),
    ...wrongEngines(outline, catalog),
    ...shortGraces(outline, catalog),
    ...deliveries(outline, catalog),
    ...needlessPauses(outline, catalog),
  ];
}

function unknownEngines({ engines, credentials }: Outline): ConfigFinding[] {
  return Object.entries(credentials).flatMap(([name, { engine }]) =>
    engine === undefined || Object.hasOwn(engines, engine)
      ? []
      : [
          {
            path: ['credentials', name, 'engine'],
            message: `there is no engine "${engine}"${didYouMean(engine, Object.keys(engines))}`,
          },
        ],
  );
}

function unknownCredentials(outline: Outline): ConfigFinding[] {
  const names = Object.keys(outline.credentials);
  return [
    ...references(outline.engines, ['engines']),
    ...[...needs(outline).values()].flat(),
    ...references(outline.notifications, ['notifications']),
  ]
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
function circles(outline: Outline): ConfigFinding[] {
  const needed = needs(outline);
  return [...needed].flatMap(([name, own]) =>
    own
      .map(({ path, credential }) => ({ path, route: routeTo(name, [credential], needed) }))
      .filter(({ route }) => route.length > 0)
      .map(({ path, route }) => ({ path, message: `circular reference: ${[name, ...route].join(' needs ')}` })),
  );
}

/** The credentials that each credential's provider section refers to. */
function needs({ credentials }: Outline): Map<string, Reference[]> {
  return new Map(
    Object.entries(credentials).map(([name, { provider }]) => [
      name,
      references(provider, ['credentials', name, 'provider']),
    ]),
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

function doubleClaims(outline: Outline, catalog: readonly ProcedureDescriptor[]): ConfigFinding[] {
  const owners = new Map<string, string>();
  return [...settingClaims(outline, catalog), ...accountClaims(outline, catalog)].flatMap(
    ({ name, claim, conflict }) => {
      const owner = owners.get(claim);
      if (owner === undefined) owners.set(claim, name);
      return owner === undefined ? [] : [{ path: ['credentials', name], message: `"${owner}" ${conflict}` }];
    },
  );
}

interface Claim {
  readonly name: string;
  readonly claim: string;
  /** Completes the message that begins with the name of the first owner. */
  readonly conflict: string;
}

function settingClaims({ engines, credentials }: Outline, catalog: readonly ProcedureDescriptor[]): Claim[] {
  return Object.entries(credentials).flatMap(([name, { procedure, engine }]) => {
    const { kind, url } = engines[engine ?? ''] ?? {};
    if (kind === undefined || url === undefined) return [];
    const settings = Object.keys(catalog.find(({ id }) => id === procedure)?.settings ?? {});
    return settings.map((setting) => ({
      ...{ name, claim: claimOf({ kind, url }, setting) },
      conflict: `already feeds ${setting} of the same engine; a setting belongs to one credential`,
    }));
  });
}

function accountClaims({ credentials }: Outline, catalog: readonly ProcedureDescriptor[]): Claim[] {
  return Object.entries(credentials).flatMap(([name, { procedure, provider: section }]) => {
    const provider = catalog.find(({ id }) => id === procedure)?.provider;
    const claim = provider === undefined ? null : accountClaimOf(provider, section);
    return claim === null
      ? []
      : [
          {
            name,
            claim,
            conflict: `already rotates the keys of the same ${provider} account; they belong to one credential`,
          },
        ];
  });
}

function intervals({ credentials }: Outline, catalog: readonly ProcedureDescriptor[]): ConfigFinding[] {
  return Object.entries(credentials).flatMap(([name, { procedure, schedule = {}, grace }]) => {
    const recommended = catalog.find(({ id }) => id === procedure)?.every;
    if (recommended === undefined) return [];
    const path = ['credentials', name];
    return schedule.cron === undefined
      ? intervalFindings(path, { ...schedule, grace, recommended })
      : cronFindings([...path, 'schedule', 'cron'], { ...schedule, recommended });
  });
}

interface Interval {
  readonly recommended: Duration;
  readonly every?: Duration | undefined;
  readonly reason?: string | undefined;
  readonly jitter?: Duration | undefined;
  readonly grace?: Duration | undefined;
}

function intervalFindings(
  path: Path,
  { recommended, every = recommended, reason, jitter, grace }: Interval,
): ConfigFinding[] {
  const changed = durationMs(every) !== durationMs(recommended);
  const reaches = (length: Duration | undefined): boolean =>
    length !== undefined && durationMs(length) >= durationMs(every);
  return [
    ...(changed && !reason ? [unexplained([...path, 'schedule', 'every'], recommended)] : []),
    ...(reaches(grace)
      ? [
          {
            path: [...path, 'grace'],
            message: `a grace of ${grace} does not end before the next rotation, after ${every}`,
          },
        ]
      : []),
    ...(reaches(jitter)
      ? [
          {
            path: [...path, 'schedule', 'jitter'],
            message: `a delay of up to ${jitter} reaches the next rotation, after ${every}`,
          },
        ]
      : []),
  ];
}

/** A cron expression has no fixed interval, so a grace is not compared with it. */
function cronFindings(path: Path, { recommended, every, reason }: Interval): ConfigFinding[] {
  return [
    ...(every === undefined ? [] : [{ path, message: 'an interval ("every") is set as well; keep one of the two' }]),
    ...(reason ? [] : [unexplained(path, recommended)]),
  ];
}

function unexplained(path: Path, recommended: Duration): ConfigFinding {
  return { path, message: `the rotation guide recommends ${recommended}; add "reason:" and say why it differs` };
}

function wrongEngines({ engines, credentials }: Outline, catalog: readonly ProcedureDescriptor[]): ConfigFinding[] {
  return Object.entries(credentials).flatMap(([name, { procedure, engine }]) => {
    const wanted = catalog.find(({ id }) => id === procedure)?.engine;
    const kind = engines[engine ?? '']?.kind;
    if (wanted === undefined || kind === wanted || !catalog.some((each) => each.engine === kind)) return [];
    const message = `${procedure} needs an engine of the kind ${wanted}, but "${engine}" is a ${kind}`;
    return [{ path: ['credentials', name, 'engine'], message }];
  });
}

/** The old key must not expire before the tokens that it signed. */
function shortGraces({ engines, credentials }: Outline, catalog: readonly ProcedureDescriptor[]): ConfigFinding[] {
  return Object.entries(credentials).flatMap(([name, { procedure, engine, grace = '24 hours' }]) => {
    const signs = catalog.find(({ id }) => id === procedure)?.settings['jwt'] !== undefined;
    const { kind, jwt } = engines[engine ?? ''] ?? {};
    const lifetime = jwt?.tokenLifetime ?? '1 hour';
    if (!signs || kind !== 'document-engine' || durationMs(grace) >= durationMs(lifetime)) return [];
    const message = `a grace of ${grace} ends before the tokens that the old key signed: they live for ${lifetime}`;
    return [{ path: ['credentials', name, 'grace'], message }];
  });
}

function needlessPauses({ credentials }: Outline, catalog: readonly ProcedureDescriptor[]): ConfigFinding[] {
  return Object.entries(credentials).flatMap(([name, { procedure, pause }]) => {
    const known = catalog.find(({ id }) => id === procedure);
    if (!known || known.pause !== undefined || pause === undefined) return [];
    const message = `${known.id} does not disable a value before it deletes it, so there is no pause; the wait before the deletion is "grace"`;
    return [{ path: ['credentials', name, 'pause'], message }];
  });
}

/** Every `{ credential: name }` inside a section: the places that use a credential as their secret. */
export function references(section: unknown, path: Path): Reference[] {
  if (typeof section !== 'object' || section === null) return [];
  const own = 'credential' in section ? section.credential : undefined;
  if (typeof own === 'string') return [{ path, credential: own }];
  return Object.entries(section).flatMap(([key, inner]) => references(inner, [...path, key]));
}
