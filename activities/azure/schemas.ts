import { z } from 'zod';

// Only what is used, as https://learn.microsoft.com/en-us/rest/api/aiservices/accountmanagement describes it.

export const AccessToken = z.object({ access_token: z.string().min(1) });
export type AccessToken = z.infer<typeof AccessToken>;

/** Entra's own shape of an error. Its description is left out on purpose: it is long, and names ids. */
export const TokenRefusal = z.object({ error: z.string().regex(/^[a-z_]+$/) });
export type TokenRefusal = z.infer<typeof TokenRefusal>;

/** Both keys of an account, by the names that Azure gives their slots. */
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

/** What somebody may do with a resource; patterns hold stars, and their case does not matter. */
export const Permissions = z.object({
  value: z.array(z.object({ actions: z.array(z.string()), notActions: z.array(z.string()).default([]) })),
});
export type Permissions = z.infer<typeof Permissions>;

/** What the data plane answers to a key that it accepts: nothing in between would say so. */
export const Info = z.object({ customDocumentModels: z.object({}) });

/** The data plane's own shape of an error; what a proxy in between answers does not look like it. */
export const Refusal = z.object({ error: z.object({ code: z.string(), message: z.string().default('') }) });
export type Refusal = z.infer<typeof Refusal>;
