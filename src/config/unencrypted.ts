import { ConfigError } from './config-error.js';
import type { ConfigFinding } from './findings.js';
import type { Path } from './yaml-source.js';

/** Addresses of other machines that a secret would reach in clear; none where the configuration says `insecure: true`. */
export function unencrypted(content: unknown): ConfigFinding[] {
  return typeof content === 'object' && content !== null && 'insecure' in content && content.insecure === true
    ? []
    : plainAddresses(content, []);
}

function plainAddresses(section: unknown, path: Path): ConfigFinding[] {
  if (typeof section === 'string') return isPlain(section) ? [{ path, message: why }] : [];
  if (typeof section !== 'object' || section === null) return [];
  return Object.entries(section).flatMap(([key, value]) => plainAddresses(value, [...path, key]));
}

const why =
  'whoever is on the way there reads the secrets that are sent: write https://, or, where you accept that, add "insecure: true" at the top of this file';

/** Whether an address is spoken to in clear and is not this machine's own. */
export function isPlain(address: string): boolean {
  const url = /^http:\/\//i.test(address) ? URL.parse(address) : null;
  return url !== null && !isLoopback(url.hostname);
}

/** Whether a host is this machine itself. */
export function isLoopback(host: string): boolean {
  return /^(?:localhost|.*\.localhost|127(?:\.\d{1,3}){3}|\[?::1\]?)$/i.test(host);
}

/** Every certificate would count, so secrets would go to anybody who answers. */
export function refuseUnverifiedTls(environment: (name: string) => string | undefined): void {
  if (environment('NODE_TLS_REJECT_UNAUTHORIZED') !== '0') return;
  throw new ConfigError(
    'NODE_TLS_REJECT_UNAUTHORIZED=0 is set: no certificate would be looked at, and secrets would go to anybody who answers.',
    {
      next: 'Unset it. For a certificate authority of your own, set NODE_EXTRA_CA_CERTS to its file.',
    },
  );
}
