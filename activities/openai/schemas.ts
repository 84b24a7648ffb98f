import { z } from 'zod';

// Only what is used, as https://developers.openai.com/api/reference/resources/organization describes it. Times are Unix seconds.

export const Project = z.object({
  name: z.string().nullish(),
  status: z.string().nullish(),
  archived_at: z.number().nullish(),
});
export type Project = z.infer<typeof Project>;

/** The id of an entry that cannot be read otherwise; empty where not even that can. */
function idOf(entry: unknown): string {
  return z.object({ id: z.string() }).safeParse(entry).data?.id ?? '';
}

/** One that cannot be read stays in the list as nobody's: a stranger's entry must not keep anybody from deleting a key that is known. */
export const ServiceAccount = z
  .object({ id: z.string().min(1), name: z.string() })
  .catch(({ value }) => ({ id: idOf(value), name: 'an account that cannot be read' }));
export type ServiceAccount = z.infer<typeof ServiceAccount>;

/** `value` is the only copy there will ever be. */
export const CreatedKey = z.object({
  id: z.string().min(1),
  value: z.string().min(1),
  expires_at: z.number().nullish(),
});
export type CreatedKey = z.infer<typeof CreatedKey>;

export const CreatedServiceAccount = z.object({
  id: z.string().min(1),
  api_key: CreatedKey.nullish(),
});
export type CreatedServiceAccount = z.infer<typeof CreatedServiceAccount>;

export const AdminKey = z.object({
  id: z.string().min(1),
  redacted_value: z.string(),
  expires_at: z.number().nullish(),
});
export type AdminKey = z.infer<typeof AdminKey>;

/** The type of an owner that cannot be read. */
export const nobodyKnows = 'cannot be read';

const ReadableKey = z.object({
  id: z.string().min(1),
  name: z.string().nullish(),
  redacted_value: z.string(),
  last_used_at: z.number().nullish(),
  expires_at: z.number().nullish(),
  owner: z.object({
    type: z.string().optional(),
    service_account: z.object({ id: z.string().min(1) }).nullish(),
  }),
});

/** As with accounts, one that cannot be read stays in the list. */
export const ProjectKey = ReadableKey.catch(({ value }) => ({
  ...{ id: idOf(value), name: null, redacted_value: '' },
  owner: { type: nobodyKnows },
}));
export type ProjectKey = z.infer<typeof ProjectKey>;

export const Deleted = z.object({ deleted: z.literal(true) });

/** What OpenAI answers to a key that it accepts: nothing in between would say so. */
export const Models = z.object({ object: z.literal('list'), data: z.array(z.unknown()) });

/** One page of a list of `item`. */
export function Page<S extends z.ZodType>(item: S): z.ZodObject<{ data: z.ZodArray<S>; has_more: z.ZodBoolean }> {
  return z.object({ data: z.array(item), has_more: z.boolean() });
}

/** The vendor's own shape of an error; what a proxy in between answers does not look like it. */
export const Refusal = z.object({
  error: z.object({ code: z.string().nullable(), message: z.string(), type: z.string() }),
});
export type Refusal = z.infer<typeof Refusal>;
