import type { Rotated, SharedLogin } from '../../../activities/docuelevate/logins.js';
import { accessCheck } from '../../../activities/shared/access.js';
import { runDirectly } from '../../../activities/shared/scope.js';
import { descriptorOf } from '../../../workers/descriptor.js';
import { credentialOf } from '../../config/policy.js';
import type { Session } from '../session/session.js';
import type { Check } from './check.js';

type Look = (wanted: { readonly credential: string; readonly rotated: Rotated }) => Promise<SharedLogin[]>;

/** Warns about settings of one DocuElevate that sign in to one account and may hold one password, but do not rotate together. */
export async function* passwordsRotatedApart(
  session: Session,
  engine: string,
  users: readonly string[],
): AsyncGenerator<Check> {
  const [credential = ''] = users;
  const rotated = rotatedAt(session, engine);
  const look = session.activities['docuelevate.sharedLogins'] as Look;
  const found: SharedLogin[] = [];
  const looked = await accessCheck(`${engine}: passwords`, async () => {
    const writer = { workflowId: `check/${credential}`, runId: '' };
    found.push(...(await runDirectly(writer, () => look({ credential, rotated }))));
    return 'can be compared';
  });
  if (!looked.ok) yield { ...looked, next: null };
  const isMeant = ({ settings }: SharedLogin): boolean =>
    settings.some((setting) => users.includes(rotated[setting]?.credential ?? ''));
  for (const shared of found.filter(isMeant)) yield warning(session, engine, { shared, rotated });
}

function rotatedAt({ config }: Session, engine: string): Rotated {
  const names = Object.keys(config.credentials).filter((name) => credentialOf(config, name).engine === engine);
  const entries = names.flatMap((credential) =>
    Object.entries(descriptorOf(config, credential).settings).map(
      ([key, part]) => [key, { credential, part }] as const,
    ),
  );
  return Object.fromEntries(entries);
}

interface Apart {
  readonly shared: SharedLogin;
  readonly rotated: Rotated;
}

function warning(session: Session, engine: string, apart: Apart): Check {
  const { settings, username, hosts } = apart.shared;
  return {
    ...{ what: `${engine}: ${list(settings)}`, ok: true, warning: true },
    detail: `They sign in as ${username} at ${list(hosts)}, and may hold one password: ${ownersOf(apart)}. A rotation of one leaves the others with a dead value`,
    next: nextOf(session, apart),
  };
}

function ownersOf({ shared: { settings }, rotated }: Apart): string {
  const owners = new Set(settings.map((setting) => rotated[setting]?.credential ?? null));
  const texts = [...owners].map((owner) => {
    const own = settings.filter((setting) => (rotated[setting]?.credential ?? null) === owner);
    return owner === null ? `no credential rotates ${list(own)}` : `${owner} rotates ${list(own)}`;
  });
  return texts.join(', and ');
}

/** A procedure that has settings of its own cannot take others in. */
function nextOf({ config }: Session, { shared: { settings }, rotated }: Apart): string {
  const alone = settings.filter((setting) => {
    const { credential } = rotated[setting] ?? {};
    return credential !== undefined && descriptorOf(config, credential).anySetting !== true;
  });
  const others = settings.filter((setting) => !alone.includes(setting));
  if (alone.length > 0)
    return `Create a password of its own for ${list(others.length > 0 ? others : settings)} there: ${list(alone)} has a procedure that rotates it alone`;
  return `If it is one password, name all in one entry: settings: [${settings.join(', ')}]. If each has its own, adopt each in an entry of its own: values that differ are not warned of`;
}

function list(names: readonly string[]): string {
  return names.length < 3 ? names.join(' and ') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}
