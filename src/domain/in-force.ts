import { hasMoved, newestProbe, waitLimitMs, standsStill } from './last-use.js';
import {
  type Before,
  beforeOf,
  type Drift,
  type Look,
  type Memory,
  retriesMs,
  type Terms,
  type Verification,
} from './verification.js';

/** What is known after a look, and what has to be done about it. */
export interface Judgement {
  readonly next: Verification;
  /** The engine has to be made to reload. */
  readonly heal: boolean;
  /** When the next look can tell more, from now; null when it has nothing to wait for. */
  readonly againMs: number | null;
}

type Judged = Pick<Verification, 'state' | 'drift' | 'why'>;

const marginMs = 60_000; // a check that is due is done within a minute

/** Judges one look by what was known before it. */
export function judge(known: Verification | null, look: Look, terms: Terms): Judgement {
  const before = beforeOf(known, look);
  const moved = hasMoved(before, look, terms);
  const use = useIn(look, moved);
  const verdict = verdictOf({ before, look, terms, use });
  const { at, credential, version } = look;
  const isVerified = verdict.state === 'verified' && use !== null;
  const isSuspected = verdict.state === 'suspected';
  const next: Verification = {
    ...{ credential, version, ...verdict, lookedAt: at, trouble: null },
    since: before.state === verdict.state && before.drift === verdict.drift ? before.since : at,
    verifiedAt: isVerified ? at : before.verifiedAt,
    ...healing(known, before, { verdict, at }),
    memory: memoryAfter(before, look, moved),
  };
  const againMs = isSuspected ? waitFor(verdict.drift, before, terms) : null;
  return { next, againMs, heal: isDoubt(verdict) && before.healTriedAt === null && look.healable };
}

type Healing = Pick<Verification, 'healTriedAt' | 'healedAt' | 'healedBy'>;

/** What is over is told once, whoever has done something about it. */
function healing(
  known: Verification | null,
  { healTriedAt }: Before,
  { verdict: { state }, at }: { readonly verdict: Judged; readonly at: number },
): Healing {
  if (!known) return { healTriedAt: null, healedAt: null, healedBy: null };
  const { healedAt, healedBy } = known;
  if (state === 'suspected' || state === 'drifted') return { healTriedAt, healedAt, healedBy };
  if (known.state === 'drifted') return { healTriedAt: null, healedAt: at, healedBy: 'somebody' };
  if (known.healTriedAt !== null) return { healTriedAt: null, healedAt: at, healedBy: 'keyturn' };
  return { healTriedAt: null, healedAt, healedBy };
}

interface Seen {
  readonly before: Before;
  readonly look: Look;
  readonly terms: Terms;
  /** What shows that the engine uses it; null when nothing does. */
  readonly use: string | null;
}

function verdictOf({ before, look, terms, use }: Seen): Judged {
  const contradictions = contradictionsIn(look);
  const [first] = contradictions;
  if (first) return { state: 'drifted', drift: first.drift, why: contradictions.map(({ why }) => why).join('. ') };
  const doubt = doubtAbout(before, look, terms);
  if (use !== null && doubt?.drift !== 'hidden') return { state: 'verified', drift: null, why: use };
  if (doubt) return doubtful(before, look, doubt);
  return carried(before) ?? { state: 'not-observable', drift: null, why: whyNotSeen(look, terms) };
}

/** A doubt that the engine's reload did not end is certain. Where it cannot be made to reload, it is so from the beginning. */
function doubtful(before: Before, { at, healable }: Look, { drift, why }: Doubt): Judged {
  const { healTriedAt } = before;
  if (!healable)
    return { drift, state: 'drifted', why: `${why}. Keyturn has not written the setting yet, so it leaves it alone` };
  if (healTriedAt === null && before.drift === drift && at - before.since >= retriesMs)
    return { drift, state: 'drifted', why: `${why}. It could not be made to reload its settings` };
  if (healTriedAt === null || (drift === 'failing' && at - healTriedAt < retriesMs))
    return { drift, state: 'suspected', why };
  return { drift, state: 'drifted', why: `${why}. It was made to reload its settings, and that did not help` };
}

interface Doubt {
  readonly drift: Drift;
  readonly why: string;
}

function contradictionsIn({ credential, version, verdict, settings, revived }: Look): Doubt[] {
  const revoked =
    `the provider refuses version ${version}: somebody has revoked it. ` +
    `To replace it: keyturn rotate ${credential}; if it leaked: keyturn emergency ${credential} --reason "…"`;
  return [
    ...(verdict === 'refused' || verdict === 'not listed' ? [{ drift: 'revoked', why: revoked } as const] : []),
    ...settings.filter(({ sight }) => sight === 'restored').map(({ key }) => restored(credential, key)),
    ...settings.filter(({ sight }) => sight === 'edited').map((setting) => edited(credential, setting)),
    ...revived.map((why) => ({ drift: 'revived', why: `${why}: keyturn reconcile ${credential}` }) as const),
  ];
}

function restored(credential: string, key: string): Doubt {
  const why = `the engine does not know our own change of ${key} any more: its database was put back to an earlier day. See what it holds: keyturn reconcile ${credential}`;
  return { drift: 'restored', why };
}

function edited(credential: string, { key, changed }: Look['settings'][number]): Doubt {
  const why = `${key} was last changed ${changed}, and not by Keyturn, so it was left alone. See what it holds: keyturn reconcile ${credential}`;
  return { drift: 'edited', why };
}

/** What shows that the engine uses it; null when nothing does. */
function useIn({ documents, isOnlyOne }: Look, moved: boolean): string | null {
  if (documents?.end === 'failure' && documents.isNewest) return null;
  if (moved) return 'the settings are as we wrote them, and the provider saw it used since the last look';
  if (documents?.end !== 'success' || !isOnlyOne) return null;
  return `the settings are as we wrote them, a document went through ${documents.step} since the last look, and what was in force before is proved to be refused`;
}

function doubtAbout(before: Before, look: Look, terms: Terms): Doubt | null {
  const hidden = look.settings.find(({ sight }) => sight === 'hidden');
  if (hidden) return { drift: 'hidden', why: `the engine does not show our value of ${hidden.key}` };
  const { documents, version } = look;
  if (documents?.end === 'failure') {
    const code = documents.code === null ? '' : ` (${documents.code})`;
    const why = `documents fail at ${documents.step}${code}: the engine may not use version ${version}`;
    return { drift: 'failing', why };
  }
  if (!standsStill(before, look, terms)) return null;
  const why = `the engine does not use version ${version}: its last use stands still, although it should be used again and again. Its worker may have been started with other values`;
  return { drift: 'unused', why };
}

const certain: readonly Drift[] = ['revoked', 'restored', 'edited', 'revived'];

/** Something that a reload of the engine may end. */
function isDoubt({ drift }: Pick<Judged, 'drift'>): boolean {
  return drift !== null && !certain.includes(drift);
}

/** What was found before holds on where this look tells nothing new. What every look can see is over where it does not. */
function carried({ state, drift, why }: Before): Judged | null {
  if (state === null || state === 'not-observable') return null;
  if (state !== 'verified' && (!isDoubt({ drift }) || drift === 'hidden')) return null;
  return { state, drift, why };
}

function waitFor(drift: Drift | null, before: Before, terms: Terms): number {
  return (drift === 'failing' ? retriesMs : (waitLimitMs(before, terms) ?? 0)) + marginMs;
}

function whyNotSeen({ lastUsed }: Look, { checkedEveryMs, usage }: Terms): string {
  const sound = 'nothing speaks against it';
  if (usage === null || lastUsed === null)
    return `${sound}; that the engine uses it shows only when the next document goes through`;
  if (checkedEveryMs === null) return `${sound}; nothing has used it since the last look`;
  return `${sound}; it was not seen in use since Keyturn used it, and it is too early for that`;
}

/** What the engine and its log have shown is added by whoever has looked there. */
function memoryAfter({ memory, lookedAt }: Before, look: Look, moved: boolean): Memory {
  const { at, verdict, lastUsed } = look;
  return {
    ...memory,
    lastUsed: lastUsed ?? memory.lastUsed,
    refusedAt: verdict === 'refused' ? (memory.refusedAt ?? at) : null,
    ...(moved && { movedAt: at, movesWithinMs: at - Math.max(lookedAt, newestProbe(look)) }),
  };
}
