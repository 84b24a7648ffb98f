import { z } from 'zod';

// Only the fields in use, by https://developers.openai.com/api/reference/resources/organization. Times are Unix seconds.

export const Project = z.object({
  name: z.string().nullish(),
  status: z.string().nullish(),
  archived_at: z.number().nullish(),
});

/** The id of an unreadable entry. Empty where even that is unreadable. */
function idOf(entry: unknown): string {
  return z.object({ id: z.string() }).safeParse(entry).data?.id ?? '';
}

/** An unreadable entry stays in the list without an owner. It must not block the deletion of a known key. */
export const ServiceAccount = z
  .object({ id: z.string().min(1), name: z.string() })
  .catch(({ value }) => ({ id: idOf(value), name: 'an account that cannot be read' }));
export type ServiceAccount = z.infer<typeof ServiceAccount>;

/** `value` is shown only once. */
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

export const AdminKey = z.object({
  id: z.string().min(1),
  redacted_value: z.string(),
  expires_at: z.number().nullish(),
});

/** The type of an unreadable owner. */
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

/** An unreadable key stays in the list, like an unreadable account. */
export const ProjectKey = ReadableKey.catch(({ value }) => ({
  ...{ id: idOf(value), name: null, redacted_value: '' },
  owner: { type: nobodyKnows },
}));
export type ProjectKey = z.infer<typeof ProjectKey>;

export const Deleted = z.object({ deleted: z.literal(true) });

/** OpenAI's answer to an accepted key. No proxy answers in this shape. */
export const Models = z.object({ object: z.literal('list'), data: z.array(z.unknown()) });

/** One page of a list of `item`. */
export function Page<S extends z.ZodType>(item: S): z.ZodObject<{ data: z.ZodArray<S>; has_more: z.ZodBoolean }> {
  return z.object({ data: z.array(item), has_more: z.boolean() });
}

/** OpenAI's own error shape, which differs from a proxy's answer. */
export const Refusal = z.object({
  error: z.object({ code: z.string().nullable(), message: z.string(), type: z.string() }),
});
export type Refusal = z.infer<typeof Refusal>;
