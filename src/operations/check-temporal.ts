import { isLoopback } from '../config/unencrypted.js';
import { connectClient, type TemporalTarget } from '../temporal/connect.js';

/** What a person should know of a Temporal server that others may reach; null when nothing has to be said. Asks the server once, as nobody. */
export async function openToOthers(target: TemporalTarget): Promise<string | null> {
  if (target.embedded || isLoopback(hostOf(target.address))) return null;
  const { tls } = target.connectionOptions;
  if (!tls)
    return 'it is reached without TLS: whoever is on the way can steer rotations and start emergencies. Set TEMPORAL_TLS and certificates or an API key';
  if (!(await answersAnybody(target))) return null;
  return 'it answers whoever asks, without a certificate or a key: anybody who reaches it can steer rotations and start emergencies';
}

async function answersAnybody(target: TemporalTarget): Promise<boolean> {
  const { address, tls } = target.connectionOptions;
  const known = typeof tls === 'object' && tls !== null ? tls : {};
  const server = Object.fromEntries(Object.entries(known).filter(([key]) => key !== 'clientCertPair'));
  const nobody = { ...target, connectionOptions: { ...(address !== undefined && { address }), tls: server } };
  const client = await connectClient(nobody, answerMs).catch(() => null);
  await client?.connection.close();
  return client !== null;
}

const answerMs = 3_000;

function hostOf(address: string): string {
  return address.replace(/:\d+$/, '');
}
