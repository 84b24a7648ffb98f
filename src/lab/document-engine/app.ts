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
  /** Where the app keeps its private key: read anew for every token. */
  readonly keyFile: string;
  /** How long a token it issues lives, in milliseconds. */
  readonly tokenLifetimeMs: number;
}

/** An application that signs tokens for Document Engine and shows documents with them. */
export interface ViewerApp extends LabServer {
  readonly tokenUrl: string;
  /** Public PEM of the key it signs with; null when its file holds none. */
  publicKey(): string | null;
  /** Every key it ever signed with. */
  privateKeys(): string[];
  /** A user opens a document with a fresh token, and another one goes on with the token they have while it lives. */
  use(): Promise<boolean>;
}

/** A token that its user goes on with: until when they do, and when it ends by the engine's clock, which may jump. */
interface Held {
  readonly token: string;
  readonly until: number;
  readonly expiresAt: number;
}

const inLastMoment = 0.8; // of a token's life: nobody begins to use one just before it ends
const slackMs = 10_000; // a token that was just issued is used at once

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
      // Whoever holds a token that expired on its way, because the clock jumped, gets another one.
      return (await useOnce()) || (clock() - began > slackMs && useOnce());
    },
  };
  async function useOnce(): Promise<boolean> {
    const [until, expiresAt] = [Date.now() + tokenLifetimeMs * inLastMoment, clock() + tokenLifetimeMs];
    const token = await issue();
    const kept = held !== null && Date.now() < held.until && clock() < held.expiresAt ? held : null;
    const both = await Promise.all([opens(engine, token), kept === null || opens(engine, kept.token)]);
    const served = both.every(Boolean);
    // Nobody goes on with a token that was refused.
    if (!served || kept === null) held = served && tokenLifetimeMs > 0 ? { token, until, expiresAt } : null;
    return served;
  }
}

/** As the vendor's viewer does it. */
async function opens({ url }: DocumentEngineLab, token: string): Promise<boolean> {
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
