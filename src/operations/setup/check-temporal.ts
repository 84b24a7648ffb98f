import { isLoopback } from '../../config/unencrypted.js';
import { connectClient, type TemporalTarget } from '../../temporal/connect.js';

/** A warning about a Temporal server that others may reach; null when there is none. Asks the server once, without credentials. */
export async function openToOthers(target: TemporalTarget): Promise<string | null> {
  if (target.embedded || isLoopback(hostOf(target.address))) return null;
  const { tls } = target.connectionOptions;
  if (!tls)
    return 'it is reached without TLS: anybody on the network path can steer rotations and start emergencies. Set TEMPORAL_TLS and certificates or an API key';
  if (!(await answersWithoutCredentials(target))) return null;
  return 'it answers without a certificate or a key: anybody who reaches it can steer rotations and start emergencies';
}

async function answersWithoutCredentials(target: TemporalTarget): Promise<boolean> {
  const { address, tls } = target.connectionOptions;
  const known = typeof tls === 'object' && tls !== null ? tls : {};
  const server = Object.fromEntries(Object.entries(known).filter(([key]) => key !== 'clientCertPair'));
  const anonymous = { ...target, connectionOptions: { ...(address !== undefined && { address }), tls: server } };
  const client = await connectClient(anonymous, answerMs).catch(() => null);
  await client?.connection.close();
  return client !== null;
}

const answerMs = 3_000;

function hostOf(address: string): string {
  return address.replace(/:\d+$/, '');
}
