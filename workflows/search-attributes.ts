import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';

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
