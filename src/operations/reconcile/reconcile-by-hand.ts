import type { ProviderSurvey, SurveyedVersion } from '../../../activities/shared/survey.js';
import type { Version } from '../../store/records.js';

/** A version that no rotation clears away, where nobody but a person revokes values. */
export interface LeftByHand {
  readonly credential: string;
  readonly number: number;
  readonly verdict: SurveyedVersion['verdict'] | undefined;
  /** The version in force, if the engine is known to hold it. */
  readonly held: Version | undefined;
  readonly byHand: NonNullable<ProviderSurvey['byHand']>;
}

/** `record`: its end is known and can be recorded. `next`: what a person can do. */
export function endByHand(left: LeftByHand): { readonly record: string } | { readonly next: string } {
  const { credential, held, byHand } = left;
  if (held) return byHand.overlap === 'single' ? endOfOnly(left, held) : endOfOneAmongOthers(left);
  return {
    next: `DocuElevate may be using it. First put a new value in force: keyturn rotate ${credential}. Then: keyturn reconcile ${credential}`,
  };
}

/** Where one value works at a time, an older one ended with the newer one. */
function endOfOnly(
  { credential, number, verdict, byHand: { name } }: LeftByHand,
  held: Version,
): ReturnType<typeof endByHand> {
  if (number > held.number)
    return {
      next: `Only a person can see whether somebody has set it at ${name}. A new value ends it: keyturn rotate ${credential}`,
    };
  if (verdict === 'accepted')
    return { next: `${name} still accepts it. See there why, since one value works at a time` };
  return { record: `Record that version ${number} ended when version ${held.number} took its place at ${name}` };
}

function endOfOneAmongOthers({ credential, number, verdict, byHand: { name } }: LeftByHand): { readonly next: string } {
  if (verdict === 'accepted')
    return {
      next: `Only a person can revoke it. Make sure that nothing else uses it, and revoke it at ${name}. Then: keyturn reconcile ${credential}, which records the end`,
    };
  return {
    next: `Only a person can see and revoke it at ${name}. Make sure that nothing else uses it. Then: keyturn emergency ${credential} --version ${number} --reason "…", which asks for that and records it`,
  };
}
