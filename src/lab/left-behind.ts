import { readdirSync } from 'node:fs';

/** Files that writers leave in a folder: temporary ones that were to replace another file, and copies of what stood there before. */
export function leftBehindIn(folder: string): string[] {
  return readdirSync(folder).filter((name) => /\.keyturn-(?:[0-9a-f]{12}|.+-before-v\d+)$/.test(name));
}
