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

/** What is known after a look, and what to do about it. */
export interface Judgement {
  readonly next: Verification;
  /** The engine must reload its settings. */
  readonly heal: boolean;
  /** Time from now until the next look can show more; null when there is nothing to wait for. */
  readonly againMs: number | null;
}

type Assessment = Pick<Verification, 'state' | 'drift' | 'why'>;

const marginMs = 60_000; // the engine makes a due check within a minute

/** Judges one look against what was known before it. */
export function judge(known: Verification | null, look: Look, terms: Terms): Judgement {
  const before = beforeOf(known, look);
  const moved = hasMoved(before, look, terms);
  const use = useIn(look, moved);
  const assessment = assess({ before, look, terms, use });
  const { at, credential, version } = look;
  const isVerified = assessment.state === 'verified' && use !== null;
  const isSuspected = assessment.state === 'suspected';
  const next: Verification = {
    ...{ credential, version, ...assessment, lookedAt: at, trouble: null },
    since: before.state === assessment.state && before.drift === assessment.drift ? before.since : at,
    verifiedAt: isVerified ? at : before.verifiedAt,
    ...healing(known, before, { assessment, at }),
    memory: memoryAfter(before, look, moved),
  };
  const againMs = isSuspected ? waitFor(assessment.drift, before, terms) : null;
  return { next, againMs, heal: isDoubt(assessment) && before.healTriedAt === null && look.healable };
}

type Healing = Pick<Verification, 'healTriedAt' | 'healedAt' | 'healedBy'>;

/** The end of a drift is reported once, with who ended it. */
function healing(
  known: Verification | null,
  { healTriedAt }: Before,
  { assessment: { state }, at }: { readonly assessment: Assessment; readonly at: number },
): Healing {
  if (!known) return { healTriedAt: null, healedAt: null, healedBy: null };
  const { healedAt, healedBy } = known;
  if (state === 'suspected' || state === 'drifted') return { healTriedAt, healedAt, healedBy };
  if (known.state === 'drifted') return { healTriedAt: null, healedAt: at, healedBy: 'somebody' };
  if (known.healTriedAt !== null) return { healTriedAt: null, healedAt: at, healedBy: 'keyturn' };
  return { healTriedAt: null, healedAt, healedBy };
}

interface Basis {
  readonly before: Before;
  readonly look: Look;
  readonly terms: Terms;
  /** What shows that the engine uses the version; null when nothing does. */
  readonly use: string | null;
}

function assess({ before, look, terms, use }: Basis): Assessment {
  const contradictions = contradictionsIn(look);
  const [first] = contradictions;
  if (first) return { state: 'drifted', drift: first.drift, why: contradictions.map(({ why }) => why).join('. ') };
  const doubt = doubtAbout(before, look, terms);
  if (use !== null && doubt?.drift !== 'hidden') return { state: 'verified', drift: null, why: use };
  if (doubt) return doubtful(before, look, doubt);
  return carriedOver(before) ?? { state: 'not-observable', drift: null, why: whyNotSeen(look, terms) };
}

/** A doubt becomes certain when a reload did not remove it. It is certain at once where Keyturn may not trigger a reload. */
function doubtful(before: Before, { at, healable }: Look, { drift, why }: Doubt): Assessment {
  const { healTriedAt } = before;
  if (!healable)
    return { drift, state: 'drifted', why: `${why}. Keyturn has not written the setting yet, so it changes nothing` };
  if (healTriedAt === null && before.drift === drift && at - before.since >= retriesMs)
    return { drift, state: 'drifted', why: `${why}. Keyturn could not make the engine reload its settings` };
  if (healTriedAt === null || (drift === 'failing' && at - healTriedAt < retriesMs))
    return { drift, state: 'suspected', why };
  return { drift, state: 'drifted', why: `${why}. The engine reloaded its settings, which did not help` };
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
  const why = `the engine no longer has our change of ${key}: its database was restored to an earlier state. See what it holds: keyturn reconcile ${credential}`;
  return { drift: 'restored', why };
}

function edited(credential: string, { key, changed, holds }: Look['settings'][number]): Doubt {
  const left =
    holds === undefined
      ? `was last changed ${changed}, not by Keyturn`
      : `holds version ${holds}, which Keyturn wrote and which is not in force: a rotation was given up`;
  const why = `${key} ${left}. Keyturn changes nothing. See what the engine holds: keyturn reconcile ${credential}`;
  return { drift: 'edited', why };
}

/** What shows that the engine uses the version; null when nothing does. */
function useIn({ documents, isOnlyOne }: Look, moved: boolean): string | null {
  if (documents?.end === 'failure' && documents.isNewest) return null;
  if (moved) return 'the settings are as we wrote them, and the provider saw the value used since the last look';
  if (documents?.end !== 'success' || !isOnlyOne) return null;
  return `the settings are as we wrote them, a document went through ${documents.step} since the last look, and every earlier value is proved to be refused`;
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
  const why = `the engine does not use version ${version}: its last use stands still, although the engine should use it regularly. Its worker may have been started with other values`;
  return { drift: 'unused', why };
}

const certain: readonly Drift[] = ['revoked', 'restored', 'edited', 'revived'];

/** Whether a reload of the engine may end the drift. */
function isDoubt({ drift }: Pick<Assessment, 'drift'>): boolean {
  return drift !== null && !certain.includes(drift);
}

/** The earlier state, where this look shows nothing new. A drift that every look can see is over when this look does not see it. */
function carriedOver({ state, drift, why }: Before): Assessment | null {
  if (state === null || state === 'not-observable') return null;
  if (state !== 'verified' && (!isDoubt({ drift }) || drift === 'hidden')) return null;
  return { state, drift, why };
}

function waitFor(drift: Drift | null, before: Before, terms: Terms): number {
  return (drift === 'failing' ? retriesMs : (waitLimitMs(before, terms) ?? 0)) + marginMs;
}

function whyNotSeen({ lastUsed }: Look, { checkedEveryMs, usage }: Terms): string {
  const sound = 'no problem found';
  if (usage === null || lastUsed === null)
    return `${sound}; the next document that goes through will show that the engine uses the value`;
  if (checkedEveryMs === null) return `${sound}; nothing has used the value since the last look`;
  return `${sound}; no use by the engine since Keyturn's own probe, and none is due yet`;
}

/** The caller adds what the engine and its log have shown. */
function memoryAfter({ memory, lookedAt }: Before, look: Look, moved: boolean): Memory {
  const { at, verdict, lastUsed } = look;
  return {
    ...memory,
    lastUsed: lastUsed ?? memory.lastUsed,
    refusedAt: verdict === 'refused' ? (memory.refusedAt ?? at) : null,
    ...(moved && { movedAt: at, movesWithinMs: at - Math.max(lookedAt, newestProbe(look)) }),
  };
}
