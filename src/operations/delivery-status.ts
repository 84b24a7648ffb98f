import type { DeliveryStatus } from '../../activities/delivery/status.js';
import { runDirectly } from '../../activities/shared/scope.js';
import { isLive } from '../domain/version.js';
import type { Version } from '../store/records.js';
import type { Session } from './session.js';

/** What stands where values of a credential go besides the engine; nothing where the configuration has no such credential. */
export async function deliveredTo(
  { config, activities }: Pick<Session, 'config' | 'activities'>,
  credential: string,
): Promise<DeliveryStatus[]> {
  const survey = activities['delivery.survey'] as ((credential: string) => Promise<DeliveryStatus[]>) | undefined;
  if (!survey || !Object.hasOwn(config.credentials, credential)) return [];
  return runDirectly({ workflowId: `look/${credential}`, runId: '' }, () => survey(credential));
}

/**
 * What stands there instead of the version in force; null where that is in order: it holds it, or nothing was put there yet and what
 * stands there is not a value of ours that is over.
 */
export function whyNotInForce(
  { version, holds, why, isDelivered }: DeliveryStatus,
  versions: readonly Version[],
): string | null {
  const current = versions.find(({ state }) => state === 'current');
  if (!current || version === current.number) return null;
  const held = versions.find(({ number }) => number === version);
  const isOver = held !== undefined && (held.compromised || !isLive(held.state));
  if (!isDelivered && !isOver) return null;
  if (!held) return `holds ${holds}${why === null ? '' : ` (${why})`}`;
  return `holds version ${held.number}, which is ${held.compromised ? 'compromised' : held.state}`;
}
