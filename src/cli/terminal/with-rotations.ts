import type { Client } from '@temporalio/client';
import { ConfigError } from '../../config/config-error.js';
import { UserError } from '../../domain/user-error.js';
import { explain } from '../../operations/session/explain.js';
import { requireNoValue } from '../../operations/session/command-line.js';
import { openSession, type Session } from '../../operations/session/session.js';
import { knownCredential, reachTemporal } from '../../operations/session/reach.js';
import type { Cli } from './perform.js';

type SessionCli = Pick<Cli, 'config' | 'say' | 'words'>;

/** Opens the configuration and its store for an action. */
export async function withSession<T>(
  { config, say, words }: SessionCli,
  action: (session: Session) => Promise<T>,
): Promise<T> {
  const session = await openSession({ file: config });
  try {
    say(...session.takenIn.map(takenInText));
    await requireNoValue(session.store, words);
    return await action(session);
  } finally {
    await session.close();
  }
}

/** Opens both, or says why the store cannot be opened. Throws a ConfigError: without a configuration nothing can be done. */
export async function openStored({
  config,
  say,
}: SessionCli): Promise<{ session: Session } | { why: string; error: unknown }> {
  try {
    const session = await openSession({ file: config }).catch((error: unknown) => openAlone(config, error));
    say(...session.takenIn.map(takenInText));
    return { session };
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    const { what, next } = explain(error);
    const state = 'NOTHING IS REVOKED YET.';
    const direct = "Run the same command again with --direct: it works from the configuration and the provider's list.";
    return {
      why: what,
      error: new UserError(what, { state, next: [direct, next].filter(Boolean).join(' '), cause: error }),
    };
  }
}

/** On a full disk there is no space for the files by which processes share a store. A process that is alone needs none. */
async function openAlone(file: string, error: unknown): Promise<Session> {
  if (error instanceof ConfigError) throw error;
  return openSession({ file, alone: true }).catch(() => {
    throw error;
  });
}

/** Tells a person that something was revoked while the store could not be opened. */
export function takenInText(credential: string): string {
  return `The ledger now holds what was revoked of ${credential} while the store could not be opened. To replace it: keyturn emergency ${credential} --reason "…"`;
}

/** The same with a connection to Temporal. `require` checks the session before the connection is made. */
export async function withTemporal<T>(
  cli: SessionCli,
  action: (session: Session, client: Client) => Promise<T>,
  require: (session: Session) => void = () => undefined,
): Promise<T> {
  return withSession(cli, async (session) => {
    require(session);
    const { client } = await reachTemporal(session.config);
    try {
      return await action(session, client);
    } finally {
      await client.connection.close();
    }
  });
}

/** The same for a credential that the configuration knows. */
export async function withRotations<T>(
  cli: SessionCli,
  credential: string,
  action: (client: Client, session: Session) => Promise<T>,
): Promise<T> {
  return withTemporal(
    cli,
    (session, client) => action(client, session),
    ({ config }) => void knownCredential(config, credential),
  );
}
