import { z } from 'zod';
import { DurationText, HttpUrl } from '../fields/fields.js';

function ifRight<S extends z.ZodType>(schema: S) {
  return schema.optional().catch(undefined);
}

const Engine = z.object({
  kind: ifRight(z.string()),
  url: ifRight(HttpUrl),
  admin: z.unknown().optional(),
  apiToken: z.unknown().optional(),
  deployment: ifRight(z.object({ envFile: ifRight(z.string()) })),
  jwt: ifRight(z.object({ tokenLifetime: ifRight(DurationText), signer: z.unknown().optional() })),
});

const Credential = z.object({
  procedure: ifRight(z.string()),
  engine: ifRight(z.string()),
  provider: z.unknown().optional(),
  settings: z.unknown().optional(),
  via: ifRight(z.string()),
  deliver: ifRight(
    z.array(
      z.object({ part: ifRight(z.string()), envFile: ifRight(z.string()), variable: ifRight(z.string()) }).catch({}),
    ),
  ),
  schedule: ifRight(
    z.object({
      every: ifRight(DurationText),
      cron: ifRight(z.string()),
      reason: ifRight(z.string()),
      jitter: ifRight(DurationText),
    }),
  ),
  grace: ifRight(DurationText),
  pause: ifRight(DurationText),
});

/** The valid parts of a file with mistakes, so that contradictions are reported together with the mistakes. */
export const Outline = z
  .object({
    engines: z.record(z.string(), Engine.catch({})).catch({}),
    credentials: z
      .record(
        z.string(),
        z.unknown().transform((section) => ({ section, ...Credential.catch({}).parse(section) })),
      )
      .catch({}),
    notifications: z.unknown().optional(),
  })
  .catch({ engines: {}, credentials: {} });
export type Outline = z.infer<typeof Outline>;
