import type { DestinationRow, Sending } from './destinations.js';
import { type Peer, peerAt } from './peers.js';

/** Signs in over TLS, then, after any failure, once more in clear text, unless that is forbidden. Overwrites. */
export const ftp: DestinationRow = {
  name: 'ftp',
  title: 'FTP',
  needs: ['ftp_host', 'ftp_username', 'ftp_password'],
  words: (name, why) => `Failed to upload ${name} to FTP server: ${why}`,
  async upload(sending) {
    const { name, setting, peers } = sending;
    const peer = peerAt(peers, `${setting('ftp_host')}:${setting('ftp_port')}`);
    await logIn(sending, peer);
    const refusal = peer.take(name);
    if (refusal !== null) throw new Error(refusal);
    return { arrived: name };
  },
};

async function logIn({ setting }: Sending, peer: Peer): Promise<void> {
  const login = { username: setting('ftp_username'), password: setting('ftp_password') };
  const [secure, clear] = [isOn(setting('ftp_use_tls')), isOn(setting('ftp_allow_plaintext'))];
  if (!secure && !clear) throw new Error('Plaintext FTP is forbidden by configuration');
  const first = await peer.logIn(login);
  if (first === null) return;
  if (!clear) throw new Error(`FTPS connection failed and plaintext FTP is forbidden: ${first}`);
  const second = secure ? await peer.logIn(login) : first;
  if (second !== null) throw new Error(second);
}

export function isOn(value: string): boolean {
  return /^(true|1|yes)$/i.test(value);
}
