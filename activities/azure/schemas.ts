import { z } from 'zod';

// Only the fields in use, by https://learn.microsoft.com/en-us/rest/api/aiservices/accountmanagement.

export const AccessToken = z.object({ access_token: z.string().min(1) });

/** Entra's own error shape, without its description, which is long and names ids. */
export const TokenRefusal = z.object({ error: z.string().regex(/^[a-z_]+$/) });

/** Both keys of an account, by Azure's names for their slots. */
export const Keys = z
  .object({ key1: z.string().min(1), key2: z.string().min(1) })
  .transform(({ key1, key2 }) => ({ Key1: key1, Key2: key2 }));
export type Keys = z.infer<typeof Keys>;

export const Account = z.object({
  kind: z.string(),
  properties: z.object({
    disableLocalAuth: z.boolean().nullish(),
    endpoint: z.string().nullish(),
    endpoints: z.record(z.string(), z.string()).nullish(),
  }),
});
export type Account = z.infer<typeof Account>;

/** Permissions on a resource. Patterns may contain stars and are case-insensitive. */
export const Permissions = z.object({
  value: z.array(z.object({ actions: z.array(z.string()), notActions: z.array(z.string()).default([]) })),
});
export type Permissions = z.infer<typeof Permissions>;

/** The data plane's answer to an accepted key. No proxy answers in this shape. */
export const Info = z.object({ customDocumentModels: z.object({}) });

/** The data plane's own error shape, which differs from a proxy's answer. */
export const Refusal = z.object({ error: z.object({ code: z.string(), message: z.string().default('') }) });
export type Refusal = z.infer<typeof Refusal>;
