import { certificatesEnd } from '../../temporal/certificates.js';
import { embeddedFiles } from '../../temporal/embedded-files.js';

const warnMs = 60 * 24 * 3_600_000;

/** A warning about the certificates of the embedded server; null while they are valid for 60 days and more. */
export function certificatesToRenew(dataDir: string, now: number = Date.now()): string | null {
  const end = certificatesEnd(embeddedFiles(dataDir).certificates);
  if (end === null || end.getTime() > now + warnMs) return null;
  return `its certificates expire on ${end.toISOString().slice(0, 10)}; new ones are made when it starts: restart keyturn up`;
}
