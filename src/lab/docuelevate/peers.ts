/** Parts of a credential by name, such as `username` and `password`. */
export type Parts = Readonly<Record<string, string>>;

/**
 * A system that DocuElevate signs in to, in the lab's own process: DocuElevate's words about it are simulated, its protocol is not. A
 * scenario that has a real server asks that one in `logIn`.
 */
export interface Peer {
  /** Tries a login. Returns the refusal in the words of the system, such as `530 Login incorrect.`, or null. */
  logIn(parts: Parts): string | null | Promise<string | null>;
  /** Whether it has something under a name. */
  has(name: string): boolean;
  /** Takes a document or a mail. Returns its refusal, which may come after a successful login; null when it took it. */
  take(name: string): string | null;
  /** A newer value of a part, which it sends along. The earlier ones stay valid. */
  renew?(part: string): string;
}

/** By address: `host:port`, or the host alone where DocuElevate has no setting for it. Nobody listens at other addresses. */
export type Peers = Readonly<Record<string, Peer>>;

export interface SimulatedPeer extends Peer {
  /** What it accepts for each part now. Of a list, each one. */
  readonly accepts: Record<string, string | string[]>;
  /** Every login: the names of its parts, and whether it succeeded. */
  readonly logins: { readonly parts: readonly string[]; readonly accepted: boolean }[];
  /** Names of what it took, in order. */
  readonly taken: string[];
  /** Whether too many refused logins in a row have locked it. It refuses everything then. */
  locked: boolean;
  /** What it answers to a document after the login; null to take it. */
  refusal: string | null;
}

export interface PeerOptions {
  readonly accepts: Record<string, string | string[]>;
  /** The words of a refusal, by the part that is wrong. */
  readonly says: (part: string) => string;
  /** Number of refused logins in a row that lock the account; never when left out. */
  readonly lockAfter?: number;
}

export function createPeer({ accepts, says, lockAfter = Infinity }: PeerOptions): SimulatedPeer {
  let inARow = 0;
  const wrongIn = (parts: Parts): string | undefined =>
    Object.keys(parts).find((part) => ![accepts[part] ?? []].flat().includes(parts[part] ?? ''));
  const peer: SimulatedPeer = {
    ...{ accepts, logins: [], taken: [], locked: false, refusal: null },
    logIn(parts) {
      const wrong = wrongIn(parts) ?? (peer.locked ? Object.keys(parts).at(-1) : undefined);
      inARow = wrong === undefined ? 0 : inARow + 1;
      if (inARow >= lockAfter) peer.locked = true;
      peer.logins.push({ parts: Object.keys(parts), accepted: wrong === undefined });
      return wrong === undefined ? null : says(wrong);
    },
    has: (name) => peer.taken.includes(name),
    take(name) {
      if (peer.refusal === null) peer.taken.push(name);
      return peer.refusal;
    },
    renew(part) {
      const known = [accepts[part] ?? []].flat();
      const newer = `${known[0] ?? part}-${String(known.length).padStart(4, '0')}`;
      accepts[part] = [...known, newer];
      return newer;
    },
  };
  return peer;
}

const app = (part: string): string => (/secret|key/.test(part) ? 'invalid_client' : 'invalid_grant');

/** What systems say to a wrong part. */
export const words = {
  ftp: () => '530 Login incorrect.',
  smtp: () => '535 5.7.8 Authentication credentials invalid',
  imap: () => '[AUTHENTICATIONFAILED] Authentication failed.',
  oauth: app,
  api: () => '401 Unauthorized',
} as const satisfies Record<string, PeerOptions['says']>;

export const refusedConnection = '[Errno 111] Connection refused';

/** @throws an error in Python's words when nobody listens there */
export function peerAt(peers: Peers, address: string): Peer {
  const peer = peers[address];
  if (peer) return peer;
  throw new Error(refusedConnection);
}
