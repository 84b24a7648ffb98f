import { defineSearchAttributeKey, type SearchAttributePair, SearchAttributeType } from '@temporalio/common';
import type { RotationInput } from '../src/domain/rotation.js';

// Search attributes of rotations in Temporal. Their values are in clear, so they never contain a secret.
export const keyturnCredential = defineSearchAttributeKey('KeyturnCredential', SearchAttributeType.KEYWORD);
export const keyturnEngine = defineSearchAttributeKey('KeyturnEngine', SearchAttributeType.KEYWORD);
export const keyturnProvider = defineSearchAttributeKey('KeyturnProvider', SearchAttributeType.KEYWORD);
export const keyturnPhase = defineSearchAttributeKey('KeyturnPhase', SearchAttributeType.KEYWORD);
export const keyturnNeedsOperator = defineSearchAttributeKey('KeyturnNeedsOperator', SearchAttributeType.BOOL);
export const keyturnEmergency = defineSearchAttributeKey('KeyturnEmergency', SearchAttributeType.BOOL);

/** All search attributes. `up` and `worker` register them before any workflow runs. */
export const searchAttributes = [
  keyturnCredential,
  keyturnEngine,
  keyturnProvider,
  keyturnPhase,
  keyturnNeedsOperator,
  keyturnEmergency,
] as const;

/** A rotation's search attributes at its start. The phase is added when the rotation waits; before that it changes too often. */
export function rotationAttributes(
  { engine, provider }: { readonly engine: string; readonly provider: string },
  { credential, request }: Pick<RotationInput, 'credential' | 'request'>,
): SearchAttributePair[] {
  return [
    { key: keyturnCredential, value: credential },
    { key: keyturnEngine, value: engine },
    { key: keyturnProvider, value: provider },
    { key: keyturnNeedsOperator, value: false },
    { key: keyturnEmergency, value: request.trigger === 'emergency' },
  ];
}
