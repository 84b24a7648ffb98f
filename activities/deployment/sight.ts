import type { Finding } from '../../src/domain/evidence.js';
import type { SettingSight } from '../../src/domain/verification.js';
import type { VersionRef } from '../../src/domain/version.js';
import { holdsAdopted } from '../docuelevate/checks.js';
import { openEngine, valuesOf } from '../docuelevate/engine.js';
import { type EngineLook, look as lookAtSettings, type LookedFor } from '../docuelevate/look.js';
import { settingsAreOurs } from '../docuelevate/settings.js';
import { survey as surveySettings } from '../docuelevate/survey.js';
import { shows } from '../docuelevate/receipts.js';
import { holderOf, receiptKey } from '../delivery/status.js';
import { placeOf } from '../delivery/places.js';
import { reporting } from '../shared/evidence.js';
import type { EngineSurvey } from '../shared/survey.js';
import type { DeploymentDeps } from './activities.js';
import { environmentOf, variableOf } from './environment-file.js';

/** A setting that a version feeds by the environment. */
interface Standing {
  readonly key: string;
  /** The version whose value the environment file has. Null for anything else. */
  readonly holder: number | null;
  /** A row in the database overrides the file. */
  readonly overridden: boolean;
  /** The API shows the version's value, as far as it shows values. */
  readonly shown: boolean;
}

async function standingsOf(deps: DeploymentDeps, ref: VersionRef): Promise<Standing[]> {
  const engine = await openEngine(deps, ref);
  const { targets } = await environmentOf(deps, ref);
  const known = await engine.client.credentials();
  const standings: Standing[] = [];
  for (const [key, value] of Object.entries(await valuesOf(engine, ref))) {
    const target = targets.find(({ variable }) => variable === variableOf(key));
    const place = target ? placeOf(target) : null;
    standings.push({
      key,
      holder: (place && (await holderOf(deps.store, ref.credential, place)))?.number ?? null,
      overridden: known.some((each) => each.key === key && each.source === 'db'),
      shown: shows(await engine.client.shownValue(key), value),
    });
  }
  return standings;
}

/** Whether a version was ever written into the environment file. Before, only the database or an operator can have given it. */
async function isWritten(deps: DeploymentDeps, ref: VersionRef): Promise<boolean> {
  const { receipts } = await deps.store.read(ref);
  return (await environmentOf(deps, ref)).targets.some((target) => receipts[receiptKey(target)] !== undefined);
}

/** Whether the environment file still holds the version's values, no row overrides them, and the API shows them. */
export async function environmentIsOurs(deps: DeploymentDeps, ref: VersionRef): Promise<Finding> {
  if (!(await isWritten(deps, ref))) {
    const { adopted } = await deps.store.read(ref);
    return adopted ? holdsAdopted(deps, ref) : settingsAreOurs(deps, ref); // until now by its settings API
  }
  const problems = (await standingsOf(deps, ref)).flatMap((each) => whyNotOurs(each, ref) ?? []);
  const say = reporting(deps.store, ref, 'setting-ours');
  if (problems.length > 0) return say('failed', problems.join('; '));
  return say('proved', 'the environment file has it, and no row overrides that');
}

function whyNotOurs({ key, holder, overridden, shown }: Standing, { number }: VersionRef): string | null {
  if (holder !== number) {
    const other = holder === null ? 'another value' : `version ${holder}`;
    return `${variableOf(key)} in the environment file does not show our value: it has ${other}`;
  }
  if (overridden) return `DocuElevate's database has ${key}, which overrides the environment`;
  return shown ? null : `${key} does not show our value`;
}

/** State of the settings for `keyturn reconcile`. Changes nothing. */
export async function survey(deps: DeploymentDeps, credential: string): Promise<EngineSurvey> {
  const current = (await deps.store.versions(credential)).find(({ state }) => state === 'current');
  if (!current || !(await isWritten(deps, current)))
    return { ...(await surveySettings(deps, credential)), byRestart: true };
  const standings = await standingsOf(deps, current);
  return {
    byRestart: true,
    settings: standings.map(({ key, holder, overridden }) => ({
      ...{ key, set: true, byUs: false, version: overridden ? null : holder },
      changed: overridden ? 'in the database, which overrides the environment' : 'in the environment file',
    })),
  };
}

/** As of the settings API, with what the environment file shows of the settings. Changes nothing. */
export async function look(deps: DeploymentDeps, wanted: LookedFor): Promise<EngineLook> {
  const seen = await lookAtSettings(deps, wanted);
  if (!(await isWritten(deps, wanted.version))) return seen;
  const standings = await standingsOf(deps, wanted.version);
  return { ...seen, settings: standings.map((each) => sightOf(each, wanted.version)) };
}

function sightOf({ key, holder, overridden, shown }: Standing, { number }: VersionRef): SettingSight {
  const changed = overridden ? 'in the database' : 'in the environment file';
  if (holder === number && !overridden) return { key, changed, sight: shown ? 'ours' : 'hidden' };
  return {
    key,
    changed,
    sight: 'edited',
    ...(holder !== null && holder !== number && !overridden && { holds: holder }),
  };
}
