import { createPrivateKey, createPublicKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { SignJWT } from 'jose';
import { request } from 'undici';
import { sample } from './document-routes.js';
import { remembered } from '../remembered.js';
import { bystander, type LabOptions, type LabServer, serve } from '../server.js';
import type { DocumentEngineLab } from './server.js';

export interface ViewerAppOptions extends LabOptions {
  readonly engine: DocumentEngineLab;
  /** File of the app's private key, which it reads for every token. */
  readonly keyFile: string;
  /** Lifetime of the tokens it issues, in milliseconds. */
  readonly tokenLifetimeMs: number;
}

/** An application that signs tokens for Document Engine and shows documents with them. */
export interface ViewerApp extends LabServer {
  readonly tokenUrl: string;
  /** Public PEM of the key it signs with; null when its file contains none. */
  publicKey(): string | null;
  /** Every private key it ever signed with. */
  privateKeys(): string[];
  /** One user opens a document with a new token, and another user with an earlier token while it is valid. */
  use(): Promise<boolean>;
}

/** A token in use: until when its user uses it (real time), and when it expires by the engine's clock, which may jump. */
interface Held {
  readonly token: string;
  readonly until: number;
  readonly expiresAt: number;
}

const usedShare = 0.8; // of a token's lifetime: no user begins to use one just before it expires
const slackMs = 10_000; // for the time between issuing a token and using it

export async function startViewerApp(options: ViewerAppOptions): Promise<ViewerApp> {
  const { engine, tokenLifetimeMs, clock = Date.now } = options;
  const seen = new Set<string>();
  const load = (): string => {
    const pem = readFileSync(options.keyFile, 'utf8');
    seen.add(pem);
    return pem;
  };
  const issue = (): Promise<string> =>
    new SignJWT({ document_id: sample, permissions: ['read-document'] })
      .setProtectedHeader({ alg: engine.algorithm })
      .setExpirationTime(Math.ceil((clock() + tokenLifetimeMs + slackMs) / 1000))
      .sign(createPrivateKey(load()));
  const server = await serve(
    async ({ method, path }) =>
      method === 'GET' && path === '/token' ? { status: 200, body: { token: await issue() } } : { status: 404 },
    options,
  );
  let held: Held | null = null;
  return {
    ...server,
    tokenUrl: `${server.url}/token`,
    publicKey: () => publicOf(load()),
    privateKeys: () => [...seen],
    async use() {
      const began = clock();
      // A token that expired on its way because the clock jumped is replaced.
      return (await useOnce()) || (clock() - began > slackMs && useOnce());
    },
  };
  async function useOnce(): Promise<boolean> {
    const [until, expiresAt] = [Date.now() + tokenLifetimeMs * usedShare, clock() + tokenLifetimeMs];
    const token = await issue();
    const kept = held !== null && Date.now() < held.until && clock() < held.expiresAt ? held : null;
    const both = await Promise.all([opensDocument(engine, token), kept === null || opensDocument(engine, kept.token)]);
    const served = both.every(Boolean);
    // No user keeps a refused token.
    if (!served || kept === null) held = served && tokenLifetimeMs > 0 ? { token, until, expiresAt } : null;
    return served;
  }
}

/** Opens a document like the vendor's viewer. */
async function opensDocument({ url }: DocumentEngineLab, token: string): Promise<boolean> {
  const { statusCode, body } = await request(`${url}/i/d/${sample}/auth`, {
    method: 'POST',
    headers: { ...bystander, 'content-type': 'application/json' },
    body: JSON.stringify({ jwt: token }),
  });
  await body.dump();
  return statusCode === 200;
}

const publicOf = remembered((pem) => {
  try {
    return createPublicKey(createPrivateKey(pem)).export({ type: 'spki', format: 'pem' }).toString();
  } catch {
    return null;
  }
});
