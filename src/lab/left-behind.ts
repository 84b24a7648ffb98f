import { readdirSync } from 'node:fs';

/** Files in a folder that were written beside another one to take its place, and did not. */
export function leftBehindIn(folder: string): string[] {
  return readdirSync(folder).filter((name) => /\.keyturn-[0-9a-f]{12}$/.test(name));
}
