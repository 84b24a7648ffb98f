import { isLive } from '../../src/domain/version.js';
import type { EngineSurvey, ProviderSurvey } from '../shared/survey.js';
import { addedFor, currentIdOf, type EngineContext, list, noteRelease } from './context.js';
import { showsValue } from './probes.js';
import { unreadable } from './schemas.js';

/**
 * The engine issues its own secrets, so one survey covers provider and engine. A list shows only ids, which start again in a new database.
 * So the value in force is probed, where that needs no document.
 */
export async function survey(context: EngineContext): Promise<ProviderSurvey & EngineSurvey> {
  const { store, connection, ref } = context;
  const { listed, current } = await list(context);
  await noteRelease(context);
  const versions = await store.versions(ref.credential);
  const inForce = versions.findLast((each) => isLive(each.state) && currentIdOf(each, connection) === current);
  const shown = inForce && (await showsValue({ ...context, ref: { ...inForce, fence: 0 } }, { isQuiet: true }));
  const isDead = shown?.verdict === 'refused';
  const ours = isDead ? undefined : inForce;
  const known = new Set(versions.map((version) => currentIdOf(version, connection)));
  const rows = versions.map((version) => ({
    number: version.number,
    ids: addedFor({ ...context, ref: { ...version, fence: 0 } }, listed).map(({ id }) => id),
  }));
  for (const { ids } of rows) for (const id of ids) known.add(id);
  return {
    versions: rows.map(({ number, ids }) => ({
      ...{ number, lastUsedAt: null },
      verdict: number === inForce?.number ? (isDead ? 'refused' : 'listed') : ids.length > 0 ? 'listed' : 'not listed',
    })),
    orphans: listed
      .filter(({ id }) => !known.has(id))
      .map(({ id, expiresAt }) => ({
        ...{ id: `${connection.type}/${id}`, madeFor: null, lastUsedAt: null },
        name: nameOf(expiresAt),
      })),
    settings: [
      {
        ...{ key: connection.type, set: true, changed: isDead ? anotherDatabase : null },
        ...{ byUs: ours !== undefined, version: ours?.number ?? null },
      },
    ],
  };
}

function nameOf(expiresAt: string | null): string {
  if (expiresAt === null) return 'the current one';
  return expiresAt === unreadable ? 'cannot be read' : `valid until ${expiresAt}`;
}

const anotherDatabase =
  'probably by a new or restored database: the current id is the known one, but our value is refused';
