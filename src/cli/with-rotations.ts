import type { Client } from '@temporalio/client';
import { openSession, type Session } from '../operations/session.js';
import { knownCredential, reachTemporal } from '../operations/reach.js';
import type { Cli } from './perform.js';

/** Opens the configuration with its store, for a command's work. */
export async function withSession<T>(
  { config }: Pick<Cli, 'config'>,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const session = await openSession({ file: config });
  try {
    return await work(session);
  } finally {
    await session.close();
  }
}

/** The same with a connection to Temporal. */
export async function withTemporal<T>(
  cli: Pick<Cli, 'config'>,
  work: (session: Session, client: Client) => Promise<T>,
): Promise<T> {
  return withSession(cli, async (session) => {
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
  cli: Pick<Cli, 'config'>,
  credential: string,
  work: (client: Client, session: Session) => Promise<T>,
): Promise<T> {
  return withSession(cli, async (session) => {
    knownCredential(session.config, credential);
    const { client } = await reachTemporal(session.config);
    try {
      return await work(client, session);
    } finally {
      await client.connection.close();
    }
  });
}
