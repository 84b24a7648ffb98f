import type { Answered, DestinationRow } from './destinations.js';
import { type Parts, type Peer, peerAt, refusedConnection } from './peers.js';

/** The destination that mails documents. Without a user name and a password it signs in nowhere, and may succeed all the same. */
export const email: DestinationRow = {
  name: 'email',
  title: 'email',
  verbs: ['Sending via email', 'Sent via email'],
  enabledBy: 'dest_email_enabled',
  needs: ['dest_email_host', 'dest_email_default_recipient'],
  words: (name, why) => `Failed to send ${name} via email: ${why}`,
  /** Requested alone, it gets the number of the document as the recipients. */
  again: { losesDocument: true, fails: 'can only join an iterable' },
  async upload({ name, setting, peers }): Promise<Answered> {
    const address = `${setting('dest_email_host')}:${setting('dest_email_port')}`;
    const peer = peers[address];
    if (!peer) return { gaveUp: `Connection error to SMTP server ${address} - ${refusedConnection}` };
    const login = { username: setting('dest_email_username'), password: setting('dest_email_password') };
    await mail(peer, login, `DocuElevate Document: ${name}`);
    return { arrived: name };
  },
};

/** One mail of an account, such as a link to a new password. @throws an error in Python's words */
export async function mailTo(peers: Parameters<typeof peerAt>[0], address: string, login: Parts): Promise<void> {
  await mail(peerAt(peers, address), login, 'Reset your DocuElevate password');
}

/** A refused login is tried twice: `AUTH PLAIN`, then `AUTH LOGIN`. */
async function mail(peer: Peer, login: Parts, subject: string): Promise<void> {
  if (Object.values(login).every((part) => part !== '')) {
    const refusal = (await peer.logIn(login)) === null ? null : await peer.logIn(login);
    if (refusal !== null) throw new Error(inPython(refusal));
  }
  const refusal = peer.take(subject);
  if (refusal !== null) throw new Error(inPython(refusal));
}

function inPython(answer: string): string {
  const [, code, text] = /^(\d+) (.*)$/.exec(answer) ?? [];
  return code === undefined ? answer : `(${code}, b'${text}')`;
}
