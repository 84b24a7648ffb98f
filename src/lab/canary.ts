import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A file that contains secrets. Never contains a secret itself. */
export interface Leak {
  readonly file: string;
  /** Number of different secrets in the file. */
  readonly secrets: number;
}

/** Searches every file below a folder for secrets, plain or in base64. */
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

/** A private key is searched for by the lines of its text: a quotation may fold it in another way. */
export function linesOf(key: string): string[] {
  return key.split('\n').filter((line) => line.length > 20 && !line.includes('-----'));
}
