import { Agent, type Dispatcher, EnvHttpProxyAgent } from 'undici';

/** The proxy of the process environment: HTTPS_PROXY, HTTP_PROXY and NO_PROXY, in upper or lower case. */
const { env } = process;
const isSet = ['https_proxy', 'HTTPS_PROXY', 'http_proxy', 'HTTP_PROXY'].some((name) => (env[name] ?? '') !== '');
const exceptions = env['no_proxy'] ?? env['NO_PROXY'] ?? '';
const noProxy =
  exceptions.trim() === '*' ? '*' : [exceptions, 'localhost', '127.0.0.1', '[::1]'].filter(Boolean).join();

let shared: Dispatcher | undefined;

/** The proxy for an address. Undefined when none is configured, and for this machine itself. */
export function proxyFor(url: string): Dispatcher | undefined {
  if (!isSet || isHere(new URL(url).hostname)) return undefined;
  shared ??= new EnvHttpProxyAgent({ noProxy });
  return shared;
}

/** A dispatcher with one connection, which reaches the same server every time. */
export function ownConnection(): Dispatcher {
  return isSet ? new EnvHttpProxyAgent({ noProxy, connections: 1 }) : new Agent({ connections: 1 });
}

function isHere(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || hostname.startsWith('127.');
}
