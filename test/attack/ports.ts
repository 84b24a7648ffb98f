import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** Where a process listens. */
export interface Listener {
  readonly pid: number;
  /** Of the process: the first words of its command line. */
  readonly program: string;
  readonly host: string;
  readonly port: number;
}

/** Every TCP address on which a process or one of its descendants listens. Linux only. */
export function listeners(root: number): Listener[] {
  const sockets = listeningSockets();
  return family(root).flatMap((pid) =>
    socketsOf(pid).flatMap((inode) => {
      const at = sockets.get(inode);
      return at ? [{ pid, program: programOf(pid), ...at }] : [];
    }),
  );
}

/** A process and all that descends from it: the keeper is its child, whatever process group it leads. */
function family(root: number): number[] {
  const parents = new Map(
    readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map((name) => [Number(name), parentOf(Number(name))] as const),
  );
  const found = [root];
  for (const each of found) for (const [pid, parent] of parents) if (parent === each) found.push(pid);
  return found;
}

function parentOf(pid: number): number {
  // The name in parentheses may hold anything; what follows it does not.
  return Number(/\) \S (\d+)/.exec(read(`/proc/${pid}/stat`))?.[1]);
}

function programOf(pid: number): string {
  return read(`/proc/${pid}/cmdline`).split('\0').slice(0, 3).join(' ');
}

function socketsOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      const inode = /^socket:\[(\d+)\]$/.exec(link(`/proc/${pid}/fd/${fd}`))?.[1];
      return inode === undefined ? [] : [inode];
    });
  } catch {
    return []; // it has ended
  }
}

function listeningSockets(): Map<string, { host: string; port: number }> {
  const found = new Map<string, { host: string; port: number }>();
  for (const table of ['/proc/net/tcp', '/proc/net/tcp6'])
    for (const line of read(table).split('\n').slice(1)) {
      const [, local = '', , state, , , , , , inode = ''] = line.trim().split(/\s+/);
      const [address = '', port = ''] = local.split(':');
      if (state === '0A') found.set(inode, { host: hostOf(address), port: parseInt(port, 16) });
    }
  return found;
}

/** The kernel writes each 32 bits in the machine's own order. */
function hostOf(hex: string): string {
  const words = hex.match(/.{8}/g) ?? [];
  const bytes = words.flatMap((word) => (word.match(/../g) ?? []).reverse().map((byte) => parseInt(byte, 16)));
  const isMapped = bytes.length === 16 && bytes.slice(0, 12).join() === '0,0,0,0,0,0,0,0,0,0,255,255';
  if (bytes.length === 4 || isMapped) return bytes.slice(-4).join('.');
  const groups = Array.from({ length: 8 }, (_, i) =>
    (((bytes[2 * i] ?? 0) << 8) | (bytes[2 * i + 1] ?? 0)).toString(16),
  );
  return groups.join(':');
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

function link(file: string): string {
  try {
    return readlinkSync(file);
  } catch {
    return '';
  }
}
