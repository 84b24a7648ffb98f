import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { certificateFiles, ensureCertificates } from '../../src/temporal/certificates.js';

/** A certificate for `localhost`, from an authority that this process trusts. */
export interface TestAuthority {
  /** PEM file. */
  readonly certificate: string;
  /** PEM file. */
  readonly key: string;
  /** The same as text. */
  readonly tls: { readonly cert: string; readonly key: string };
  /** No longer trusts the authority. */
  distrust(): void;
  remove(): void;
}

export async function trustTestAuthority(): Promise<TestAuthority> {
  const folder = mkdtempSync(join(tmpdir(), 'keyturn-authority-'));
  const files = certificateFiles(join(folder, 'certificates'));
  await ensureCertificates(files);
  chmodSync(folder, 0o755);
  const before = getCACertificates('default');
  setDefaultCACertificates([...before, readFileSync(files.authority.certificate, 'utf8')]);
  const distrust = (): void => setDefaultCACertificates(before);
  return {
    ...files.server,
    tls: { cert: readFileSync(files.server.certificate, 'utf8'), key: readFileSync(files.server.key, 'utf8') },
    distrust,
    remove() {
      distrust();
      rmSync(folder, { recursive: true });
    },
  };
}
