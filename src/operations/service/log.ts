import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Logger, pino } from 'pino';

/** Keys that could hold a secret, redacted down to the depth at which our log entries are nested. */
const secretKeys = [
  'key',
  'value',
  'parts',
  'password',
  'secret',
  'token',
  'apiKey',
  'adminKey',
  'authorization',
  'cookie',
];

/** The log of this machine's `up` and `worker`, in the data folder, readable by its owner only. Written synchronously, so that nothing is lost at the end. */
export function openLog(dataDir: string): { readonly logger: Logger; readonly file: string } {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const file = join(dataDir, 'keyturn.log');
  const paths = secretKeys.flatMap((key) => [key, `*.${key}`, `*.*.${key}`]);
  const redact = { paths, censor: '[redacted]' };
  return {
    file,
    logger: pino(
      { redact, timestamp: pino.stdTimeFunctions.isoTime },
      pino.destination({ dest: file, sync: true, mode: 0o600 }),
    ),
  };
}
