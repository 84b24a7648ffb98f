import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError } from '../../src/config/config-error.js';
import { loadConfig } from '../../src/config/load.js';
import type { Config } from '../../src/config/schema.js';
import { catalog } from './catalog.js';

const folder = mkdtempSync(join(tmpdir(), 'keyturn-config-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Where `load` puts the file. */
export const file = join(folder, 'keyturn.yaml');

/** The smallest configuration that does something. */
export const small = `store: sqlite:./keyturn.db
engines:
  docs:
    kind: docuelevate
    url: https://docs.example.com
    admin: { username: keyturn, password: { file: ./admin } }
credentials:
  openai:
    procedure: openai-api-key
    engine: docs
    provider: { adminKey: { env: OPENAI_ADMIN_KEY }, project: proj_abc }
`;

/** The small configuration with other text in one of its lines (counted from 1). */
export function withLine(number: number, text: string): string {
  return small
    .split('\n')
    .map((line, index) => (index === number - 1 ? text : line))
    .join('\n');
}

export function load(text: string): Config {
  writeFileSync(file, text);
  return loadConfig(file, catalog);
}

/** The error that a text makes. */
export function errorOf(text: string): ConfigError {
  try {
    load(text);
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error('it loads');
}

/** The lines below the first of the error that a text makes, without the folder. */
export function complaints(text: string): string[] {
  return errorOf(text).message.replaceAll(`${folder}/`, '').split('\n').slice(1);
}
