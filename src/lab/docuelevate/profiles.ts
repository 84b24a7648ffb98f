import type { Routes } from '../routes.js';
import { detail, noContent, ok } from './answers.js';
import type { Database, Stamp } from './database.js';
import type { Documents } from './documents.js';
import { createRows, type Rows } from './rows.js';
import { adminOnly, given, type Visit } from './sessions.js';

interface Profile {
  readonly id: number;
  readonly user_id: string;
  readonly display_name: string | null;
  /** Has no effect in the engine. */
  readonly is_blocked: boolean;
  readonly subscription_tier: string;
  readonly is_complimentary: boolean;
  readonly created_at: string;
  readonly updated_at: string;
}

/** User profiles for administrators. The id is the e-mail address; any other name creates a profile that belongs to no user. */
export interface Profiles {
  /** Creates the profile when there is none. An administrator gets the highest plan. */
  ensure(user: string, name: string, admin: boolean): void;
  remove(user: string): boolean;
  tierOf(user: string): string;
  readonly routes: Routes<Visit>;
}

export interface ProfileOptions {
  readonly database: Database;
  readonly stamp: Stamp;
  readonly documents: Documents;
}

const highestTier = 'business';
const plain = { display_name: null, is_blocked: false, subscription_tier: 'free', is_complimentary: false };
const unset = {
  ...{ daily_upload_limit: null, notes: null, subscription_billing_cycle: 'monthly' },
  ...{ subscription_period_start: null, allow_overage: false },
} as const;

export function createProfiles({ database, stamp, documents }: ProfileOptions): Profiles {
  const rows = createRows<Profile>(database);
  const of = (user: string): Profile | undefined => rows.all().find(({ user_id }) => user_id === user);
  /** Existing fields that are not in the change stay as they are. */
  function save(user_id: string, change: Partial<Profile>): Profile {
    const [known, updated_at] = [of(user_id), stamp()];
    if (known) return rows.change(known, { ...change, updated_at });
    return rows.add({ ...plain, user_id, created_at: updated_at, updated_at, ...change });
  }
  function remove(user: string): boolean {
    const row = of(user);
    if (row) rows.remove(row);
    return row !== undefined;
  }
  return {
    ensure(user, display_name, admin) {
      const best = admin ? { subscription_tier: highestTier, is_complimentary: true } : {};
      if (!of(user)) save(user, { display_name, ...best });
      else if (admin) save(user, best);
    },
    remove,
    tierOf: (user) => of(user)?.subscription_tier ?? 'free',
    routes: profileRoutes({ rows, of, save, remove, documents }),
  };
}

interface Table {
  readonly rows: Rows<Profile>;
  readonly documents: Documents;
  readonly of: (user: string) => Profile | undefined;
  readonly save: (user: string, change: Partial<Profile>) => Profile;
  readonly remove: (user: string) => boolean;
}

function profileRoutes({ rows, documents, of, save, remove }: Table): Routes<Visit> {
  const summary = (user: string): object => summaryOf(user, of(user), documents);
  return {
    'GET /api/admin/users/': adminOnly(({ query }) => {
      const [page, per_page] = [Number(query.get('page') ?? 1), Number(query.get('per_page') ?? 25)];
      const owners = documents.files.flatMap(({ owner }) => owner ?? []);
      const known = [...new Set([...owners, ...rows.all().map(({ user_id }) => user_id)])].sort();
      const found = known.filter((user) => user.toLowerCase().includes((query.get('q') ?? '').trim().toLowerCase()));
      const users = found.slice((page - 1) * per_page, page * per_page).map(summary);
      const pages = Math.max(1, Math.ceil(found.length / per_page));
      return ok({ users, total: found.length, page, per_page, pages });
    }),
    'GET /api/admin/users/{user}': adminOnly(({ params: { user = '' } }) => {
      const profile = of(user);
      return ok({ ...summary(user), profile: profile ? profileView(profile) : null });
    }),
    'PUT /api/admin/users/{user}': adminOnly((visit) => {
      const change = given<Profile>(visit, ['display_name', 'is_blocked', 'subscription_tier', 'is_complimentary']);
      return ok(profileView(save(visit.params.user ?? '', { ...plain, ...change }))); // missing fields are reset
    }),
    'DELETE /api/admin/users/{user}': adminOnly(({ params: { user = '' } }) =>
      remove(user) ? noContent() : detail(404, 'User profile not found'),
    ),
  };
}

function profileView(profile: Profile): object {
  return { ...unset, ...profile };
}

/** A user without a profile has the same shape. */
function summaryOf(user_id: string, profile: Profile | undefined, documents: Documents): object {
  const own = documents.files.filter(({ owner }) => owner === user_id);
  const { display_name, is_blocked, subscription_tier, is_complimentary } = profile ?? plain;
  const about = { user_id, display_name, is_blocked, subscription_tier, is_complimentary };
  const [document_count, last_upload] = [
    own.length,
    own
      .map(({ createdAt }) => createdAt)
      .sort()
      .at(-1) ?? null,
  ];
  return { ...unset, ...about, profile_id: profile?.id ?? null, document_count, last_upload };
}
