// What the suite attacks: a running keyturn up, and for comparison servers whose doors stand open.
import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Connection, type Client } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import { findTemporalBinary } from '../../src/temporal/binary.js';
import { certificateFiles, ensureCertificates } from '../../src/temporal/certificates.js';
import { embeddedFiles } from '../../src/temporal/embedded-files.js';
import { serves } from '../../src/temporal/first-start.js';
import { freePorts } from '../../src/temporal/ports.js';
import { serverFiles } from '../../src/temporal/server-config.js';
import { temporaryDirectory, until } from '../temporal/support.js';
import type { Aim, Forged } from './attacks.js';
import type { Errand, Loot, Outcome } from './stranger.js';

/** Sends another user on an errand. */
export async function send(errand: Extract<Errand, { errand: 'attack' }>): Promise<Outcome[]>;
export async function send(errand: Extract<Errand, { errand: 'read' }>): Promise<Loot>;
export async function send(errand: Errand): Promise<unknown> {
  const from = join(__dirname, '..', 'temporal', 'from-source.ts');
  const stranger = fork(join(__dirname, 'stranger.ts'), {
    execArgv: ['--no-warnings', '--import', from],
    env: { PATH: process.env['PATH'] },
  });
  stranger.send(errand);
  const gone = once(stranger, 'exit').then(() => Promise.reject(new Error('the stranger ended without an answer')));
  const [answer] = (await Promise.race([once(stranger, 'message'), gone])) as [unknown];
  gone.catch(() => undefined);
  return answer;
}

/** A certificate like ours, of another authority. */
export async function forge(): Promise<Forged> {
  const files = certificateFiles(join(temporaryDirectory(), 'forged'));
  await ensureCertificates(files);
  const { certificate, key } = files.client;
  return { certificate: readFileSync(certificate, 'utf8'), key: readFileSync(key, 'utf8') };
}

/** How the newest workflow was started: what a stranger would ask for. */
export async function aimAtNewest(client: Client): Promise<Aim> {
  for await (const { workflowId, type, taskQueue } of client.workflow.list()) {
    const { events } = await client.workflow.getHandle(workflowId).fetchHistory();
    const [payload] = events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads ?? [];
    if (!payload) throw new Error('a workflow without input');
    return { workflowId, workflowType: type, taskQueue, input: defaultPayloadConverter.fromPayload(payload) };
  }
  throw new Error('there is no workflow');
}

/** A server like the embedded one that asks nobody for a certificate. */
export interface OpenServer {
  readonly ports: readonly number[];
  stop(): Promise<void>;
}

interface Config {
  readonly global: { tls?: Record<'internode' | 'frontend', { server: { requireClientAuth: boolean } }> };
  readonly services: { readonly frontend: { readonly rpc: Record<string, unknown> } };
}

/** @param how without TLS, or with TLS and no look at who comes; in both with Temporal's HTTP API */
export async function startOpenServer(how: 'plain' | 'tls'): Promise<OpenServer> {
  const dataDir = temporaryDirectory();
  const files = embeddedFiles(dataDir);
  const [http = 0, ...ports] = await freePorts(9);
  await ensureCertificates(files.certificates);
  for (const [file, content] of serverFiles(files, ports)) writeFileSync(file, content);
  const config = JSON.parse(readFileSync(files.config, 'utf8')) as Config;
  config.services.frontend.rpc['httpPort'] = http;
  if (how === 'plain') {
    delete config.global.tls;
    writeFileSync(files.dynamicConfig, '{}');
  } else
    for (const side of Object.values(config.global.tls ?? {})) if (side.server) side.server.requireClientAuth = false;
  writeFileSync(files.config, JSON.stringify(config));
  const { path } = await findTemporalBinary({ report: () => undefined });
  const server = spawn(path, ['--config-file', files.config, '--allow-no-auth', 'start'], { stdio: 'ignore' });
  const ended = once(server, 'exit');
  await until(
    'the open server answers',
    () => answers(ports[0] ?? 0, how === 'tls' ? files.certificates.authority.certificate : null),
    30_000,
  );
  return {
    ports: [http, ...ports],
    async stop() {
      server.kill();
      await ended;
    },
  };
}

async function answers(port: number, trusted: string | null): Promise<boolean> {
  const tls =
    trusted === null
      ? {}
      : { tls: { serverRootCACertificate: readFileSync(trusted), serverNameOverride: 'localhost' } };
  const connection = Connection.lazy({ address: `127.0.0.1:${port}`, connectTimeout: 1_000, ...tls });
  try {
    await connection.ensureConnected();
    await serves(connection, 'default');
    return true;
  } catch {
    return false;
  } finally {
    await connection.close();
  }
}
