import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Where a secret was found: files only, never the secret. */
export interface Leak {
  readonly file: string;
  /** How many different secrets the file holds. */
  readonly secrets: number;
}

/** Looks for secrets, plain or in base64, in every file below a folder. */
export async function findSecrets(dir: string, secrets: readonly string[]): Promise<Leak[]> {
  const needles = [...new Set(secrets)].map((secret) => [
    Buffer.from(secret),
    Buffer.from(Buffer.from(secret).toString('base64').replace(/=+$/, '')),
  ]);
  const entries = await readdir(dir, { recursive: true, withFileTypes: true });
  const leaks: Leak[] = [];
  for (const entry of entries.filter((each) => each.isFile())) {
    const file = join(entry.parentPath, entry.name);
    const content = await readFile(file);
    const found = needles.filter((forms) => forms.some((form) => content.includes(form))).length;
    if (found > 0) leaks.push({ file, secrets: found });
  }
  return leaks;
}
