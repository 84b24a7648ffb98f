import { Agent, type Dispatcher, EnvHttpProxyAgent } from 'undici';

/** What stands in the way to others, as the process environment says it: HTTPS_PROXY, HTTP_PROXY and NO_PROXY, in capitals or small letters. */
const { env } = process;
const isSet = ['https_proxy', 'HTTPS_PROXY', 'http_proxy', 'HTTP_PROXY'].some((name) => (env[name] ?? '') !== '');
const exceptions = env['no_proxy'] ?? env['NO_PROXY'] ?? '';
const noProxy =
  exceptions.trim() === '*' ? '*' : [exceptions, 'localhost', '127.0.0.1', '[::1]'].filter(Boolean).join();

let shared: Dispatcher | undefined;

/** The way to an address where a proxy is configured; undefined where none is, and for this machine itself. */
export function proxyFor(url: string): Dispatcher | undefined {
  if (!isSet || isHere(new URL(url).hostname)) return undefined;
  shared ??= new EnvHttpProxyAgent({ noProxy });
  return shared;
}

/** A way with one connection, for whoever has to meet the same server again. */
export function ownConnection(): Dispatcher {
  return isSet ? new EnvHttpProxyAgent({ noProxy, connections: 1 }) : new Agent({ connections: 1 });
}

function isHere(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || hostname.startsWith('127.');
}
