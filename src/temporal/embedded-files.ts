import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { certificateFiles, type CertificateFiles } from './certificates.js';

/** The files of an embedded server in its data directory. */
export interface EmbeddedFiles {
  readonly database: string;
  /** Contains the version of the server that wrote the database. */
  readonly version: string;
  readonly log: string;
  /** The server's configuration, written at each start. */
  readonly config: string;
  /** The server's dynamic configuration. Keyturn does not change it while the server runs. */
  readonly dynamicConfig: string;
  /** How a client connects, for `temporal --config-file`. */
  readonly clientConfig: string;
  readonly certificates: CertificateFiles;
  /** The keeper holds this lock as long as the server may run. */
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

/** What the keeper records about its server. */
export const AddressRecord = z.object({
  /** `127.0.0.1:<port>`. */
  address: z.string(),
  /** Process id of the server. */
  pid: z.number().int().positive(),
  /** Process id of the process that started the server; the server ends with it. */
  owner: z.number().int().positive(),
  startedAt: z.iso.datetime(),
});
export type AddressRecord = z.infer<typeof AddressRecord>;

/** The record, or null when there is none. A record may be left over from a server that has ended. */
export function readAddress(files: EmbeddedFiles): AddressRecord | null {
  try {
    return AddressRecord.parse(JSON.parse(readFileSync(files.address, 'utf8')));
  } catch {
    return null;
  }
}

/** The last entries of the server's log, without stack traces. The log contains no secrets, because none ever reaches Temporal. */
export function lastLogLines(files: EmbeddedFiles, count = 8): string[] {
  try {
    const lines = readFileSync(files.log, 'utf8').trimEnd().split('\n');
    // A stack trace has two lines per call: its name, then a tab and its location.
    const isCall = (index: number): boolean => [index, index + 1].some((at) => lines[at]?.startsWith('\t'));
    return lines.filter((_, index) => !isCall(index)).slice(-count);
  } catch {
    return [];
  }
}
