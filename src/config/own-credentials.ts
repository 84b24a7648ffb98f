import type { Config } from './schema.js';

/** Credentials that Keyturn itself signs in with: other entries name them as their secret. */
export function ownCredentials({ engines, credentials }: Pick<Config, 'engines' | 'credentials'>): ReadonlySet<string> {
  const named = new Set<string>();
  const walk = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    if ('credential' in value && typeof value.credential === 'string') named.add(value.credential);
    for (const inner of Object.values(value)) walk(inner);
  };
  walk(engines);
  walk(Object.values(credentials).map(({ provider }) => provider));
  return named;
}
