import type { EngineProfile } from '../../src/domain/engine-profile.js';
import type { VersionRef } from '../../src/domain/version.js';
import type { AccessCheck } from '../shared/access.js';
import { OutsideError } from '../shared/outside-error.js';
import { permanent } from '../shared/failures.js';
import { newValue } from './keys.js';
import { currentIn, type DocumentEngineContext } from './context.js';
import { fenced, oddMoment, onTrial } from './trial.js';

const restartWithinMs = 60 * 60_000;

/** Adds a throwaway secret that the engine still has to list after a restart. It expires within an hour. */
export async function prepareRestart(context: DocumentEngineContext, holder: VersionRef | null): Promise<string> {
  const { store, client, connection, ref } = context;
  const listed = await client.secrets();
  const current = currentIn(context, listed).id;
  const value = await newValue(connection.type, connection.jwt.algorithm);
  const expiries = [oddMoment(client.now(), restartWithinMs)];
  const trial = { at: Date.now(), before: listed.map(({ id }) => id), expiries };
  await store.keepProfile(ref.credential, { trial });
  await fenced(context, holder);
  const isAdded = await client.add(value[connection.part] ?? '', expiries[0] ?? '');
  const [added] = onTrial(trial, await client.secrets());
  if (!isAdded || !added) throw new OutsideError('Document Engine', 'addSecret', { code: 'ADDED_AND_NOT_LISTED' });
  await store.keepProfile(ref.credential, { trial: { ...trial, restart: { current, id: added.id } } });
  return `restart Document Engine within an hour, then run keyturn check ${ref.credential} --deep --restart after`;
}

/** Whether the engine still has the secrets that the API has set. Asked before the trial is cleaned up. */
export async function keptThroughRestart(
  context: DocumentEngineContext,
): Promise<NonNullable<EngineProfile['restart']>> {
  const { client, known, ref } = context;
  const { trial } = known;
  if (!trial?.restart || Date.now() - trial.at > restartWithinMs)
    throw permanent(
      'Rejected',
      `nothing was prepared within the last hour: run keyturn check ${ref.credential} --deep --restart before`,
    );
  const listed = await client.secrets();
  const { current, id } = trial.restart;
  const isThere = onTrial(trial, listed).some((secret) => secret.id === id);
  return isThere && currentIn(context, listed).id === current ? 'kept' : 'replaced';
}

export function restartCheck(kept: EngineProfile['restart']): AccessCheck {
  const ok = kept === 'kept';
  const detail = ok
    ? 'it kept the current secret and the added one'
    : "it restored the environment's secrets: REPLACE_SECRETS_FROM_ENV=false has not taken effect (Helm: config.replaceSecretsFromEnv)";
  return { what: 'restart', ok, detail };
}
