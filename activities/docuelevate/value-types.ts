import type { Recommendation } from '../../src/domain/procedure.js';

interface ValueType extends Recommendation {
  /** Its row in the guide's table of intervals; null where the table has none. */
  readonly row: string | null;
}

const onPersonnelChange = { every: '90 days', occasion: 'on personnel change' } as const;

/** What a credential setting may hold, and when the guide has such a value rotated. */
export const valueTypes = {
  apiKey: { row: 'API keys', every: '90 days' },
  clientSecret: { row: 'OAuth client secrets', every: '180 days' },
  refreshToken: { row: 'OAuth refresh tokens', every: null, occasion: 'on revocation or re-authorization' },
  password: { row: 'Passwords', ...onPersonnelChange },
  adminPassword: { row: 'Admin password', ...onPersonnelChange },
  sessionSecret: { row: 'SESSION_SECRET', every: null, occasion: 'on suspected compromise' },
  privateKey: { row: null, every: '90 days' }, // as the API key or password that it stands for
} as const satisfies Readonly<Record<string, ValueType>>;

export type ValueTypeName = keyof typeof valueTypes;
