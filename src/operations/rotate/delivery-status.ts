import type { DeliveryStatus } from '../../../activities/delivery/status.js';
import { runDirectly } from '../../../activities/shared/scope.js';
import { isLive } from '../../domain/version.js';
import type { Version } from '../../store/records.js';
import type { Session } from '../session/session.js';

/** The status of each delivery of a credential; none when the configuration has no such credential. */
export async function deliveredTo(
  { config, activities }: Pick<Session, 'config' | 'activities'>,
  credential: string,
): Promise<DeliveryStatus[]> {
  const survey = activities['delivery.survey'] as ((credential: string) => Promise<DeliveryStatus[]>) | undefined;
  if (!survey || !Object.hasOwn(config.credentials, credential)) return [];
  return runDirectly({ workflowId: `look/${credential}`, runId: '' }, () => survey(credential));
}

/**
 * What a place holds instead of the version in force. Null when it holds that version. Null too before the first delivery, unless the place
 * holds a value of ours that has ended.
 */
export function whyNotInForce(
  { version, holds, why, isDelivered }: DeliveryStatus,
  versions: readonly Version[],
): string | null {
  const current = versions.find(({ state }) => state === 'current');
  if (!current || version === current.number) return null;
  const held = versions.find(({ number }) => number === version);
  const hasEnded = held !== undefined && (held.compromised || !isLive(held.state));
  if (!isDelivered && !hasEnded) return null;
  if (!held) return `holds ${holds}${why === null ? '' : ` (${why})`}`;
  return `holds version ${held.number}, which is ${held.compromised ? 'compromised' : held.state}`;
}
