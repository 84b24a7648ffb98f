import { readFileSync } from 'node:fs';
import { Outline } from './outline.js';
import type { Config } from './schema.js';
import { type Path, readYaml } from './yaml-source.js';

/** A place that uses a credential as its secret. */
export interface Reference {
  readonly path: Path;
  readonly credential: string;
}

/** A line of the configuration that names a credential. */
interface Mention {
  /** For instance `./keyturn.yaml:12`. */
  readonly at: string;
  /** True for the credential's own entry; false for a place that uses its value as a secret. */
  readonly isEntry: boolean;
}

/** Every `{ credential: name }` inside a section. */
export function references(section: unknown, path: Path): Reference[] {
  if (typeof section !== 'object' || section === null) return [];
  const own = 'credential' in section ? section.credential : undefined;
  if (typeof own === 'string') return [{ path, credential: own }];
  return Object.entries(section).flatMap(([key, inner]) => references(inner, [...path, key]));
}

/** The same in the sections of a whole file that may refer to credentials. */
export function referencesIn({ engines, credentials, notifications }: Outline): Reference[] {
  return [
    ...references(engines, ['engines']),
    ...Object.entries(credentials).flatMap(([name, { provider }]) =>
      references(provider, ['credentials', name, 'provider']),
    ),
    ...references(notifications, ['notifications']),
  ];
}

/** Credentials that Keyturn itself signs in with: other entries name them as their secret. */
export function ownCredentials({ engines, credentials }: Pick<Config, 'engines' | 'credentials'>): ReadonlySet<string> {
  const providers = Object.values(credentials).map(({ provider }) => provider);
  return new Set(references([engines, providers], []).map(({ credential }) => credential));
}

/** Where a valid configuration names a credential, in the order of the file. */
export function mentionsOf(file: string, credential: string): Mention[] {
  const source = readYaml(readFileSync(file, 'utf8'));
  const outline = Outline.parse(source.content);
  const entry = Object.hasOwn(outline.credentials, credential) ? [['credentials', credential]] : [];
  const uses = referencesIn(outline).filter((use) => use.credential === credential);
  return [...entry.map((path) => ({ path, isEntry: true })), ...uses.map(({ path }) => ({ path, isEntry: false }))]
    .map(({ path, isEntry }) => ({ line: source.position(source.locate(path).offset).line, isEntry }))
    .sort((a, b) => a.line - b.line)
    .map(({ line, isEntry }) => ({ at: `${file}:${line}`, isEntry }));
}
