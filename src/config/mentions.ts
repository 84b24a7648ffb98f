import { readFileSync } from 'node:fs';
import { references } from './contradictions.js';
import { Outline } from './outline.js';
import { readYaml } from './yaml-source.js';

/** A line of the configuration that names a credential. */
export interface Mention {
  /** For instance `./keyturn.yaml:12`. */
  readonly at: string;
  /** True for the credential's own entry; false for a place that uses its value as a secret. */
  readonly isEntry: boolean;
}

/** Where a valid configuration names a credential, in the order of the file. */
export function mentionsOf(file: string, credential: string): Mention[] {
  const source = readYaml(readFileSync(file, 'utf8'));
  const { engines, credentials, notifications } = Outline.parse(source.content);
  const uses = [
    ...references(engines, ['engines']),
    ...Object.entries(credentials).flatMap(([name, { provider }]) =>
      references(provider, ['credentials', name, 'provider']),
    ),
    ...references(notifications, ['notifications']),
  ].filter((use) => use.credential === credential);
  const entry = Object.hasOwn(credentials, credential) ? [['credentials', credential]] : [];
  return [...entry.map((path) => ({ path, isEntry: true })), ...uses.map(({ path }) => ({ path, isEntry: false }))]
    .map(({ path, isEntry }) => ({ line: source.position(source.locate(path).offset).line, isEntry }))
    .sort((a, b) => a.line - b.line)
    .map(({ line, isEntry }) => ({ at: `${file}:${line}`, isEntry }));
}
