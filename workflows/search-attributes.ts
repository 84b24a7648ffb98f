import { defineSearchAttributeKey, type SearchAttributePair, SearchAttributeType } from '@temporalio/common';
import type { RotationInput } from '../src/domain/rotation.js';

// What rotations can be searched by in Temporal. They are in clear there, so never anything secret.
export const keyturnCredential = defineSearchAttributeKey('KeyturnCredential', SearchAttributeType.KEYWORD);
export const keyturnEngine = defineSearchAttributeKey('KeyturnEngine', SearchAttributeType.KEYWORD);
export const keyturnProvider = defineSearchAttributeKey('KeyturnProvider', SearchAttributeType.KEYWORD);
export const keyturnPhase = defineSearchAttributeKey('KeyturnPhase', SearchAttributeType.KEYWORD);
export const keyturnNeedsOperator = defineSearchAttributeKey('KeyturnNeedsOperator', SearchAttributeType.BOOL);
export const keyturnEmergency = defineSearchAttributeKey('KeyturnEmergency', SearchAttributeType.BOOL);

/** All of them; `up` and `worker` register them before any workflow runs. */
export const searchAttributes = [
  keyturnCredential,
  keyturnEngine,
  keyturnProvider,
  keyturnPhase,
  keyturnNeedsOperator,
  keyturnEmergency,
] as const;

/** What a rotation can be found by from its start. Its phase is told as soon as it waits: until then it would be another one at each look. */
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
