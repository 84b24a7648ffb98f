import { ConfigError } from './config-error.js';
import type { ConfigFinding } from './findings.js';
import type { Path } from './yaml-source.js';

/** Addresses of other machines that would receive a secret in clear; none when the configuration has `insecure: true`. */
export function unencrypted(content: unknown): ConfigFinding[] {
  return typeof content === 'object' && content !== null && 'insecure' in content && content.insecure === true
    ? []
    : plainAddresses(content, []);
}

function plainAddresses(section: unknown, path: Path): ConfigFinding[] {
  if (typeof section === 'string') return isPlain(section) ? [{ path, message: why }] : [];
  if (typeof section !== 'object' || section === null) return [];
  const own = isPlainLogin(section) ? [{ path: [...path, 'security'], message: whyLogin }] : [];
  return [...own, ...Object.entries(section).flatMap(([key, value]) => plainAddresses(value, [...path, key]))];
}

/** Whether a probe signs in to another machine without TLS. */
function isPlainLogin(section: object): boolean {
  const { protocol, security, host } = section as Readonly<Record<string, unknown>>;
  return typeof protocol === 'string' && security === 'none' && typeof host === 'string' && !isLoopback(host);
}

const why =
  'anybody on the network path can read the secrets that are sent: write https://, or, if you accept that, add "insecure: true" at the top of this file';

const whyLogin =
  'anybody on the network path can read the password that is sent: leave security out, or, if you accept that, add "insecure: true" at the top of this file';

/** Whether an address uses plain HTTP and is not on this machine. */
export function isPlain(address: string): boolean {
  const url = /^http:\/\//i.test(address) ? URL.parse(address) : null;
  return url !== null && !isLoopback(url.hostname);
}

/** Whether a host is this machine. */
export function isLoopback(host: string): boolean {
  return /^(?:localhost|.*\.localhost|127(?:\.\d{1,3}){3}|\[?::1\]?)$/i.test(host);
}

/** Refuses to run while certificates are not verified: secrets would go to anybody who answers. */
export function refuseUnverifiedTls(environment: (name: string) => string | undefined): void {
  if (environment('NODE_TLS_REJECT_UNAUTHORIZED') !== '0') return;
  throw new ConfigError(
    'NODE_TLS_REJECT_UNAUTHORIZED=0 is set: certificates are not verified, so secrets would go to anybody who answers.',
    { next: 'Unset it. For a certificate authority of your own, set NODE_EXTRA_CA_CERTS to its file.' },
  );
}
