import { z } from 'zod';

// Only the fields in use, by the vendor's description (API 1.9.0).

const Readable = z.object({
  id: z.number().int(),
  expiresAt: z
    .string()
    .refine((text) => Number.isFinite(expiryMs(text)))
    .nullable(),
});

/** A listed secret, never with its value. Exactly one has no expiry, the current one. */
export type ListedSecret = z.infer<typeof Readable>;

/** Stands for an unreadable expiry. Such a secret is neither current nor one of ours, and can be ended. */
export const unreadable = '9999-12-31T00:00:00Z';

/** Drops entries without an id. */
export const ListedSecrets = z
  .array(
    z.union([
      Readable,
      z.object({ id: z.number().int() }).transform(({ id }) => ({ id, expiresAt: unreadable })),
      z.unknown().transform(() => null),
    ]),
  )
  .transform((entries): ListedSecret[] => entries.flatMap((entry) => entry ?? []));

/** Unix milliseconds of an expiry. Without a zone it is UTC, by the guide. */
export function expiryMs(expiresAt: string): number {
  return Date.parse(/(Z|[+-]\d\d:?\d\d)$/.test(expiresAt) ? expiresAt : `${expiresAt}Z`);
}

export const UploadedDocument = z.object({ data: z.object({ document_id: z.string() }) });
export const DocumentInfo = z.object({ data: z.object({ pageCount: z.number().int() }) });
