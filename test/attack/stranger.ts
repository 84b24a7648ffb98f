// A program of another user. It begins as root, so that it can load what it needs from anywhere, and gives every right up before it does anything.
import { accessSync, constants, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pages, programs, type Aim, type Forged } from './attacks.js';

/** What it is told to do. */
export type Errand =
  | { readonly errand: 'attack'; readonly ports: readonly number[]; readonly aim: Aim; readonly forged: Forged }
  | { readonly errand: 'read'; readonly folder: string };

/** How an attack on a port went: `got` is null when it got nothing. */
export interface Outcome {
  readonly attack: string;
  readonly port: number;
  readonly got: string | null;
}

/** What it can do to files: paths. */
export interface Loot {
  readonly user: number;
  readonly read: readonly string[];
  readonly written: readonly string[];
}

const nobody = 65_534;

if (process.send) {
  process.setgroups?.([]);
  process.setgid?.(nobody);
  process.setuid?.(nobody);
  process.once('message', (errand: Errand) => void run(errand));
  process.once('disconnect', () => process.exit());
}

async function run(errand: Errand): Promise<void> {
  const done = errand.errand === 'attack' ? await attack(errand) : look(errand.folder);
  process.send?.(done, () => process.exit());
}

async function attack({ ports, aim, forged }: Extract<Errand, { errand: 'attack' }>): Promise<Outcome[]> {
  const all = ports.flatMap((port) =>
    Object.entries({ ...programs, ...pages }).map(async ([name, make]): Promise<Outcome> => {
      const got = await make(port, aim, forged).catch(() => null);
      return { attack: name, port, got };
    }),
  );
  return Promise.all(all);
}

function look(folder: string): Loot {
  const paths = everything(folder);
  return {
    user: process.getuid?.() ?? -1,
    read: paths.filter((path) => succeeds(() => readFileSync(path))),
    written: paths.filter((path) => succeeds(() => accessSync(path, constants.W_OK))),
  };
}

/** The folder, and as much of what is below as can be listed. */
function everything(path: string): string[] {
  try {
    return [path, ...readdirSync(path).flatMap((name) => everything(join(path, name)))];
  } catch {
    return [path];
  }
}

function succeeds(action: () => unknown): boolean {
  try {
    action();
    return true;
  } catch {
    return false;
  }
}
