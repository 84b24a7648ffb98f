import type { Engine, Job } from './engine.js';
import type { Peers } from './peers.js';

export interface ImapLogin {
  readonly host: string;
  readonly port: number;
  readonly username: string;
  readonly password: string;
}

export interface Tested {
  readonly success: boolean;
  readonly message: string;
}

/** Whether the engine refuses a host: an address of an internal network, or a name that nothing resolves. */
export function isRefusedHost(peers: Peers, host: string): boolean {
  const isInternal = /^(127|10|192\.168|172\.(1[6-9]|2\d|3[01]))\.|^localhost$/.test(host);
  return isInternal || !Object.keys(peers).some((address) => address.split(':')[0] === host);
}

/** One login with the given values. The engine does not tell a wrong name from a wrong password or a mistake about TLS. */
export async function testImap(peers: Peers, { host, port, username, password }: ImapLogin): Promise<Tested> {
  if (isRefusedHost(peers, host))
    return { success: false, message: 'Connection error: Invalid hostname or IP address' };
  const peer = peers[`${host}:${port}`];
  if (!peer)
    return {
      success: false,
      message: 'Connection failed. Check the server address, port, and network access.',
    };
  return (await peer.logIn({ username, password })) === null
    ? { success: true, message: 'Connection successful' }
    : { success: false, message: 'Authentication failed. Check the username, password, and TLS settings.' };
}

/**
 * Reads every mailbox: the engine's two, then the users'. Whatever happens, the task succeeds, and no API shows a refused password: an
 * account then counts as checked, without an error.
 */
export function pollMailboxes({ peers, mailboxes, integrations }: Engine): Job {
  return {
    name: 'app.tasks.imap_tasks.pull_all_inboxes',
    async run({ value }) {
      for (const name of ['imap1', 'imap2']) {
        const [host, username, password] = ['host', 'username', 'password'].map((part) => value(`${name}_${part}`));
        if (host && username && password)
          await testImap(peers, { host, port: Number(value(`${name}_port`)), username, password });
      }
      for (const { id, ...login } of mailboxes.active()) {
        await testImap(peers, login);
        mailboxes.checked(id);
      }
      for (const { id, config, credentials } of integrations.mailboxes()) {
        await testImap(peers, { ...(config as ImapLogin & object), ...(credentials as { password: string }) });
        integrations.used(id, null);
      }
    },
  };
}
