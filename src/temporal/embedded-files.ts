import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { certificateFiles, type CertificateFiles } from './certificates.js';

/** Everything an embedded server keeps in its data directory. */
export interface EmbeddedFiles {
  readonly database: string;
  /** Version of the server that wrote the database. */
  readonly version: string;
  readonly log: string;
  /** How the server runs, written at each start. */
  readonly config: string;
  /** Its settings that could change while it runs; they do not. */
  readonly dynamicConfig: string;
  /** How to get in, for `temporal --config-file`. */
  readonly clientConfig: string;
  readonly certificates: CertificateFiles;
  /** Held by the keeper for as long as the server may run. */
  readonly lock: string;
  /** An `AddressRecord` while the server runs. */
  readonly address: string;
}

export function embeddedFiles(dataDir: string): EmbeddedFiles {
  const at = (name: string): string => join(resolve(dataDir), name);
  return {
    database: at('temporal.db'),
    version: at('temporal.db.version'),
    log: at('temporal.log'),
    config: at('temporal.yaml'),
    dynamicConfig: at('temporal.dynamic.yaml'),
    clientConfig: at('temporal.toml'),
    certificates: certificateFiles(at('temporal.certificates')),
    lock: at('temporal.lock'),
    address: at('temporal.json'),
  };
}

/** What the keeper writes down about the server it keeps. */
export const AddressRecord = z.object({
  /** `127.0.0.1:<port>`. */
  address: z.string(),
  /** The server's process. */
  pid: z.number().int().positive(),
  /** The process that asked for the server; the server ends with it. */
  owner: z.number().int().positive(),
  startedAt: z.iso.datetime(),
});
export type AddressRecord = z.infer<typeof AddressRecord>;

/** The record, or null when there is none; a record may be left from a server that is gone. */
export function readAddress(files: EmbeddedFiles): AddressRecord | null {
  try {
    return AddressRecord.parse(JSON.parse(readFileSync(files.address, 'utf8')));
  } catch {
    return null;
  }
}

/** The last entries of the server's log, without stack traces. It holds no secrets: none ever reaches Temporal. */
export function lastLogLines(files: EmbeddedFiles, count = 8): string[] {
  try {
    const lines = readFileSync(files.log, 'utf8').trimEnd().split('\n');
    // Each call of a trace is its name, and below it its place after a tab.
    const isCall = (index: number): boolean => [index, index + 1].some((at) => lines[at]?.startsWith('\t'));
    return lines.filter((_, index) => !isCall(index)).slice(-count);
  } catch {
    return [];
  }
}
