import { z } from 'zod';

// Only what is used, as the vendor's description (API 1.9.0) has it.

/** What a list tells of a secret: never its value. Exactly one has no expiry, the current one. */
export const ListedSecret = z.object({ id: z.number().int(), expiresAt: z.string().nullable() });
export type ListedSecret = z.infer<typeof ListedSecret>;

export const ListedSecrets = z.array(ListedSecret);

export const UploadedDocument = z.object({ data: z.object({ document_id: z.string() }) });
export type UploadedDocument = z.infer<typeof UploadedDocument>;

export const DocumentInfo = z.object({ data: z.object({ pageCount: z.number().int() }) });
export type DocumentInfo = z.infer<typeof DocumentInfo>;
