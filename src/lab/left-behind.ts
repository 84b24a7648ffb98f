import { readdirSync } from 'node:fs';

/** Temporary files in a folder that were to replace another file, and did not. */
export function leftBehindIn(folder: string): string[] {
  return readdirSync(folder).filter((name) => /\.keyturn-[0-9a-f]{12}$/.test(name));
}
