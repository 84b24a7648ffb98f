import { BlockList, isIPv6 } from 'node:net';

/** A login with a key. */
export interface LoginAttempt {
  readonly user: string;
  readonly address: string;
  readonly now: number;
}

/** Why the options of a line refuse a login, in the words of sshd's log after the file and the line; null when they do not. */
export function whyRefused(options: string, { user, address, now }: LoginAttempt): string | null {
  const from = valueOf(options, 'from');
  if (from !== null && !permits(from, address))
    return `Authentication tried for ${user} with correct key but not from a permitted host (host=${address}, ip=${address}, required=${from}).`;
  const expiry = valueOf(options, 'expiry-time');
  return expiry !== null && now >= instantOf(expiry) ? '' : null;
}

function valueOf(options: string, name: string): string | null {
  return new RegExp(`(?:^|,)${name}="([^"]*)"`).exec(options)?.[1] ?? null;
}

/** Matches addresses, networks and `*`. The lab does not resolve names. */
function permits(list: string, address: string): boolean {
  const matches = (pattern: string): boolean => pattern === '*' || pattern === address || isInside(pattern, address);
  const patterns = list.split(',');
  const denied = patterns.some((each) => each.startsWith('!') && matches(each.slice(1)));
  return !denied && patterns.some((each) => !each.startsWith('!') && matches(each));
}

function isInside(network: string, address: string): boolean {
  const [net = '', bits] = network.split('/');
  if (bits === undefined || isIPv6(net) !== isIPv6(address)) return false;
  const kind = isIPv6(net) ? 'ipv6' : 'ipv4';
  const inside = new BlockList();
  inside.addSubnet(net, Number(bits), kind);
  return inside.check(address, kind);
}

/** Parses `YYYYMMDD[HHMM[SS]]` in the server's time zone; a trailing `Z` means UTC. */
function instantOf(text: string): number {
  const [, year = '', month = '', day = '', hour = '00', minute = '00', second = '00', zone = ''] =
    /^(\d{4})(\d{2})(\d{2})(?:(\d{2})(\d{2})(\d{2})?)?(Z?)$/.exec(text) ?? [];
  return Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}${zone}`);
}
