import type { Client } from '@temporalio/client';
import { isLoopback } from '../../config/unencrypted.js';
import { scheduleId } from '../../domain/temporal-names.js';
import { certificatesEnd } from '../../temporal/certificates.js';
import { connectClient, type TemporalTarget } from '../../temporal/connect.js';
import { embeddedFiles } from '../../temporal/embedded-files.js';
import { describe } from '../schedules/schedules.js';
import type { Session } from '../session/session.js';
import type { Check } from './check.js';

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

const warnMs = 60 * 24 * 3_600_000;

/** A warning about the certificates of the embedded server; null while they are valid for 60 days and more. */
export function certificatesToRenew(dataDir: string, now: number = Date.now()): string | null {
  const end = certificatesEnd(embeddedFiles(dataDir).certificates);
  if (end === null || end.getTime() > now + warnMs) return null;
  return `its certificates expire on ${end.toISOString().slice(0, 10)}; new ones are made when it starts: restart keyturn up`;
}

/** Checks that a credential's schedule is still in Temporal. Yields nothing for a credential that has none. */
export async function* scheduleCheck(
  { store }: Pick<Session, 'store'>,
  client: Client,
  credential: string,
): AsyncGenerator<Check> {
  if (!(await store.cadence(credential))) return;
  const what = `${credential}: schedule`;
  const described = await describe(client, scheduleId(store.installation, credential));
  if (!described) {
    const detail = 'it is gone from Temporal, so nothing rotates it when it is due';
    yield { what, ok: false, detail, next: 'Create it again: keyturn schedules apply' };
    return;
  }
  const { paused, note } = described.state;
  const resume = `Resume it: keyturn schedules resume ${credential} --reason "…"`;
  yield paused
    ? { what, ok: true, warning: true, detail: `paused, ${note || 'no reason given'}`, next: resume }
    : { what, ok: true, detail: 'in Temporal', next: null };
}
