import type { EngineProfile } from '../../src/domain/engine-profile.js';
import type { VersionRef } from '../../src/domain/version.js';
import type { AccessCheck } from '../shared/access.js';
import { OutsideError } from '../shared/outside-error.js';
import { permanent } from '../shared/failures.js';
import { newValue } from './keys.js';
import { currentIn, type DocumentEngineWork } from './standing.js';
import { fenced, oddMoment, onTrial } from './trial.js';

const restartWithinMs = 60 * 60_000;

/** Leaves a value that nobody holds, which the engine has to list still after a restart. It ends by itself within an hour. */
export async function prepareRestart(work: DocumentEngineWork, holder: VersionRef | null): Promise<string> {
  const { store, client, connection, ref } = work;
  const listed = await client.secrets();
  const current = currentIn(work, listed).id;
  const value = await newValue(connection.type, connection.jwt.algorithm);
  const expiries = [oddMoment(client.now(), restartWithinMs)];
  const trial = { at: Date.now(), before: listed.map(({ id }) => id), expiries };
  await store.keepProfile(ref.credential, { trial });
  await fenced(work, holder);
  const taken = await client.add(value[connection.part] ?? '', expiries[0] ?? '');
  const [added] = onTrial(trial, await client.secrets());
  if (!taken || !added) throw new OutsideError('document-engine', 'addSecret', { code: 'ADDED_AND_NOT_LISTED' });
  await store.keepProfile(ref.credential, { trial: { ...trial, restart: { current, id: added.id } } });
  return `restart Document Engine now, within an hour, and then: keyturn check ${ref.credential} --deep --restart after`;
}

/** Whether what the API has set is there still. Asked before anything is cleared away. */
export async function keptThroughRestart(work: DocumentEngineWork): Promise<NonNullable<EngineProfile['restart']>> {
  const { client, known, ref } = work;
  const { trial } = known;
  if (!trial?.restart || Date.now() - trial.at > restartWithinMs)
    throw permanent(
      'Rejected',
      `nothing was prepared within the last hour: keyturn check ${ref.credential} --deep --restart before`,
    );
  const listed = await client.secrets();
  const { current, id } = trial.restart;
  const isThere = onTrial(trial, listed).some((secret) => secret.id === id);
  return isThere && currentIn(work, listed).id === current ? 'kept' : 'replaced';
}

export function restartCheck(kept: EngineProfile['restart']): AccessCheck {
  const ok = kept === 'kept';
  const detail = ok
    ? 'it kept the current secret and what was added'
    : 'it brought back the environment: REPLACE_SECRETS_FROM_ENV=false has not taken effect (Helm: config.replaceSecretsFromEnv)';
  return { what: 'restart', ok, detail };
}
