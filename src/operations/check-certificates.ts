import { certificatesEnd } from '../temporal/certificates.js';
import { embeddedFiles } from '../temporal/embedded-files.js';

const warnMs = 60 * 24 * 3_600_000;

/** What is to be said of the certificates that the embedded server was started with; null while they hold for two months and more. */
export function certificatesToRenew(dataDir: string, now: number = Date.now()): string | null {
  const end = certificatesEnd(embeddedFiles(dataDir).certificates);
  if (end === null || end.getTime() > now + warnMs) return null;
  return `its certificates end on ${end.toISOString().slice(0, 10)}; new ones are made when it starts: restart keyturn up`;
}
