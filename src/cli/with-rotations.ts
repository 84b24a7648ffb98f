import type { Client } from '@temporalio/client';
import { ConfigError } from '../config/config-error.js';
import { UserError } from '../domain/user-error.js';
import { explain } from '../operations/explain.js';
import { requireNoValue } from '../operations/command-line.js';
import { openSession, type Session } from '../operations/session.js';
import { knownCredential, reachTemporal } from '../operations/reach.js';
import type { Cli } from './perform.js';

type Asking = Pick<Cli, 'config' | 'say' | 'words'>;

/** Opens the configuration with its store, for a command's work. */
export async function withSession<T>(
  { config, say, words }: Asking,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const session = await openSession({ file: config });
  try {
    say(...session.takenIn.map(takenInText));
    await requireNoValue(session.store, words);
    return await work(session);
  } finally {
    await session.close();
  }
}

/** The same where a store that cannot be opened is not the end. Throws a ConfigError: without a configuration nothing can be done. */
export async function openStored({
  config,
  say,
}: Asking): Promise<{ session: Session } | { why: string; error: unknown }> {
  try {
    const session = await openSession({ file: config }).catch((error: unknown) => openAlone(config, error));
    say(...session.takenIn.map(takenInText));
    return { session };
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    const { what, next } = explain(error);
    const state = 'NOTHING IS REVOKED YET.';
    const direct =
      'Run the same command again with --direct: it works from the configuration and the list of the provider.';
    return {
      why: what,
      error: new UserError(what, { state, next: [direct, next].filter(Boolean).join(' '), cause: error }),
    };
  }
}

/** A full disk has no space for what processes share of a store, and one process alone needs none. */
async function openAlone(file: string, error: unknown): Promise<Session> {
  if (error instanceof ConfigError) throw error;
  return openSession({ file, alone: true }).catch(() => {
    throw error;
  });
}

/** What a person has to know of what was done while the store could not be opened. */
export function takenInText(credential: string): string {
  return `What was revoked of ${credential} while the store could not be opened is in the ledger now. To replace it: keyturn emergency ${credential} --reason "…"`;
}

/** The same with a connection to Temporal; what `require` finds wrong is told before anybody connects. */
export async function withTemporal<T>(
  cli: Asking,
  work: (session: Session, client: Client) => Promise<T>,
  require: (session: Session) => void = () => undefined,
): Promise<T> {
  return withSession(cli, async (session) => {
    require(session);
    const { client } = await reachTemporal(session.config);
    try {
      return await work(session, client);
    } finally {
      await client.connection.close();
    }
  });
}

/** The same for a credential that the configuration knows. */
export async function withRotations<T>(
  cli: Asking,
  credential: string,
  work: (client: Client, session: Session) => Promise<T>,
): Promise<T> {
  return withTemporal(
    cli,
    (session, client) => work(client, session),
    ({ config }) => void knownCredential(config, credential),
  );
}
