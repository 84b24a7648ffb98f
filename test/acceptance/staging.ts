import { readFileSync } from 'node:fs';

/** A running DocuElevate of somebody's, made for trying things out, and what they say about it. */
export interface Staging {
  readonly url: string;
  readonly adminUsername: string;
  readonly adminPassword: string;
  /** Of 127.0.0.1: where the simulated OpenAI is to listen, which the instance calls already. */
  readonly openAiPort: number;
  /** The OpenAI key in the instance's environment, which the simulated OpenAI is then to know. */
  readonly environmentKey?: string;
  /** A program that empties the instance's Redis and starts its worker again. */
  readonly emptyRedis?: string;
}

const needed = {
  KEYTURN_DOCUELEVATE_URL: 'the address of a staging instance, for instance http://127.0.0.1:8000',
  KEYTURN_DOCUELEVATE_ADMIN: "its administrator's user name",
  KEYTURN_DOCUELEVATE_ADMIN_PASSWORD_FILE: 'a file that holds the password',
  KEYTURN_OPENAI_PORT: 'a free port of 127.0.0.1, P: the instance has OPENAI_BASE_URL=http://127.0.0.1:P/v1',
} as const;

/** What the environment says: an instance, `lab` for the project's own simulated one, or why there is nothing to play on. */
export function readStaging(env: Readonly<Record<string, string | undefined>>): Staging | 'lab' | { why: string } {
  const missing = Object.entries(needed).filter(([name]) => !env[name]);
  if (env['KEYTURN_ACCEPTANCE'] === 'lab' && !env['KEYTURN_DOCUELEVATE_URL']) return 'lab';
  if (missing.length > 0) return { why: `not set: ${missing.map(([name, what]) => `${name} (${what})`).join('; ')}` };
  const [port, environmentKey, emptyRedis] = [
    Number(env['KEYTURN_OPENAI_PORT']),
    env['KEYTURN_DOCUELEVATE_OPENAI_KEY_FILE'],
    env['KEYTURN_DOCUELEVATE_EMPTY_REDIS'],
  ];
  if (!Number.isInteger(port) || port < 1 || port > 65_535) return { why: 'KEYTURN_OPENAI_PORT is not a port' };
  return {
    url: (env['KEYTURN_DOCUELEVATE_URL'] ?? '').replace(/\/+$/, ''),
    adminUsername: env['KEYTURN_DOCUELEVATE_ADMIN'] ?? '',
    adminPassword: secretIn(env['KEYTURN_DOCUELEVATE_ADMIN_PASSWORD_FILE'] ?? ''),
    openAiPort: port,
    ...(environmentKey && { environmentKey: secretIn(environmentKey) }),
    ...(emptyRedis && { emptyRedis }),
  };
}

/** How many rotations each case makes. */
export function rotationsOf(env: Readonly<Record<string, string | undefined>>): number {
  const asked = Number(env['KEYTURN_ACCEPTANCE_ROTATIONS'] ?? 3);
  if (!Number.isInteger(asked) || asked < 1) throw new Error('KEYTURN_ACCEPTANCE_ROTATIONS is a number from 1 on');
  return asked;
}

function secretIn(file: string): string {
  return readFileSync(file, 'utf8').trim();
}
