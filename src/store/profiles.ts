import { z } from 'zod';
import type { KnownProfile } from '../domain/engine-profile.js';
import type { StoreContext } from './context.js';

const ProfileColumn = z.object({
  at: z.number(),
  version: z.string().nullable(),
  change: z.enum(['PATCH', 'POST']).nullable(),
  precision: z.number(),
  zone: z.string(),
  duplicates: z.enum(['allowed', 'refused']),
  pastExpiry: z.enum(['allowed', 'refused']).nullable(),
  rotate: z.enum(['drops', 'keeps', 'in-place']).nullable(),
  probe: z.string().nullable(),
  lagMs: z.number().nullable(),
  sessions: z.enum(['go-on', 'end']).nullable(),
  restart: z.enum(['kept', 'replaced']).nullable(),
});
const TrialColumn = z.object({
  at: z.number(),
  before: z.array(z.number()),
  expiries: z.array(z.string()),
  restart: z.object({ current: z.number(), id: z.number() }).exactOptional(),
});

export async function knownProfile({ db }: StoreContext, credential: string): Promise<KnownProfile> {
  const row = await db.selectFrom('profiles').selectAll().where('credential', '=', credential).executeTakeFirst();
  const read = <S extends z.ZodType>(schema: S, text: string | null | undefined): z.infer<S> | null =>
    text === null || text === undefined ? null : schema.parse(JSON.parse(text));
  return {
    profile: read(ProfileColumn, row?.profile),
    trial: read(TrialColumn, row?.trial),
    seen: row?.seen ?? null,
  };
}

export async function keepProfile(
  context: StoreContext,
  credential: string,
  change: Partial<KnownProfile>,
): Promise<void> {
  const { profile, trial, seen } = { ...(await knownProfile(context, credential)), ...change };
  const columns = { profile: profile && JSON.stringify(profile), trial: trial && JSON.stringify(trial), seen };
  await context.db
    .insertInto('profiles')
    .values({ credential, ...columns })
    .onConflict((conflict) => conflict.column('credential').doUpdateSet(columns))
    .execute();
}
