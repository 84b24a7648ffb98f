import type { Client } from '@temporalio/client';
import { ConfigError } from '../../config/config-error.js';
import { UserError } from '../../domain/user-error.js';
import type { Session, SessionOptions } from '../../operations/session/session.js';
import type { Cli } from './perform.js';

// What opens a session is loaded when a command runs: help needs none of it.

type SessionCli = Pick<Cli, 'config' | 'say' | 'words'>;

/** A session with a connection to Temporal. */
export interface Connection {
  readonly session: Session;
  readonly client: Client;
}

/** Opens the configuration and its store for an action. */
export async function withSession<T>(cli: SessionCli, action: (session: Session) => Promise<T>): Promise<T> {
  const { requireNoValue } = await import('../../operations/session/command-line.js');
  const session = await open(cli);
  try {
    await requireNoValue(session.store, cli.words);
    return await action(session);
  } finally {
    await session.close();
  }
}

/** Opens a session, and tells a person when something was revoked while the store could not be opened. */
async function open({ config: file, say }: SessionCli, options?: Pick<SessionOptions, 'alone'>): Promise<Session> {
  const { openSession } = await import('../../operations/session/session.js');
  const session = await openSession({ file, ...options });
  const told = (credential: string): string =>
    `The ledger now holds what was revoked of ${credential} while the store could not be opened. To replace it: keyturn emergency ${credential} --reason "…"`;
  say(...session.takenIn.map(told));
  return session;
}

/** Opens both, or says why the store cannot be opened. Throws a ConfigError: without a configuration nothing can be done. */
export async function openStored(cli: SessionCli): Promise<{ session: Session } | { why: string; error: unknown }> {
  try {
    return { session: await open(cli).catch((error: unknown) => openAlone(cli, error)) };
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    const { explain } = await import('../../operations/session/explain.js');
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
async function openAlone(cli: SessionCli, error: unknown): Promise<Session> {
  if (error instanceof ConfigError) throw error;
  return open(cli, { alone: true }).catch(() => {
    throw error;
  });
}

/** The same with a connection to Temporal. `require` checks the session before the connection is made. */
export async function withTemporal<T>(
  cli: SessionCli,
  action: (session: Session, client: Client) => Promise<T>,
  require: (session: Session) => void = () => undefined,
): Promise<T> {
  const { reachTemporal } = await import('../../operations/session/reach.js');
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
  action: (session: Session, client: Client) => Promise<T>,
): Promise<T> {
  const { knownCredential } = await import('../../operations/session/reach.js');
  return withTemporal(cli, action, ({ config }) => void knownCredential(config, credential));
}
