import { credentialOf, engineOf, isInEnvironment } from '../../config/policy.js';
import type { Engine } from '../../config/schema.js';
import { deliveredPart } from '../../domain/procedure.js';
import type { Version } from '../../store/records.js';
import { knownCredential } from './reach.js';
import type { Session } from './session.js';

/** What DocuElevate's environment holds beside its database: a worker that starts while Redis is empty uses that. */
export interface Environment {
  /** Settings whose adopted value came from there, and where nothing has written the value in force since. */
  readonly settings: readonly string[];
  /** The version whose value they hold, as far as Keyturn knows. */
  readonly version: number;
  /** It is still in force. */
  readonly isCurrent: boolean;
  /** A `deliver` entry that would write there; null when the configuration has one and no version was delivered yet. */
  readonly deliver: string | null;
}

/** Null where environment and store cannot differ. */
export async function environmentOf(
  { config, store }: Pick<Session, 'config' | 'store'>,
  credential: string,
): Promise<Environment | null> {
  if (isInEnvironment(config, credential)) return null;
  const descriptor = knownCredential(config, credential);
  const versions = await store.versions(credential);
  const current = versions.find(({ state }) => state === 'current');
  const adopted = versions.filter(({ sources }) => Object.keys(sources).length > 0).at(-1);
  if (!current || !adopted) return null;
  const isCurrent = current.number === adopted.number;
  const { deliver = [] } = credentialOf(config, credential);
  const written = deliver.flatMap((each) => ('envFile' in each ? (each.part ?? deliveredPart(descriptor) ?? []) : []));
  const partOf = (setting: string) => descriptor.settings[setting] ?? '';
  const fromThere = Object.keys(adopted.sources).filter((setting) => adopted.sources[setting] === 'env');
  const undelivered = fromThere.filter((setting) => !written.includes(partOf(setting)));
  const isUpToDate = isCurrent || (await wasDelivered({ store }, current));
  const settings = isUpToDate ? undelivered : fromThere;
  if (settings.length === 0) return null;
  const withPart = deliveredPart(descriptor) === undefined;
  const envFile = envFileOf(engineOf(config, credential));
  const deliveries = undelivered.map((setting) => {
    const part = withPart ? `, part: ${partOf(setting)}` : '';
    return `{ envFile: ${envFile}, variable: ${setting.toUpperCase()}${part} }`;
  });
  return {
    ...{ settings, version: adopted.number, isCurrent },
    deliver: deliveries.length === 0 ? null : `deliver: [${deliveries.join(', ')}]`,
  };
}

/** For people. */
function envFileOf(engine: Engine): string {
  return (engine.kind === 'docuelevate' ? engine.deployment?.envFile : undefined) ?? '<its .env>';
}

async function wasDelivered({ store }: Pick<Session, 'store'>, version: Version): Promise<boolean> {
  const [newest] = (await store.evidence(version)).filter(({ kind }) => kind === 'delivered');
  return newest?.outcome === 'proved';
}
