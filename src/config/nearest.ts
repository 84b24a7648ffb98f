import { closest, distance } from 'fastest-levenshtein';

/** The most similar candidate, as the end of a sentence. Without a similar one, all candidates if there are at most eight. */
export function didYouMean(text: string, candidates: readonly string[]): string {
  if (candidates.length === 0) return '';
  const nearest = closest(text, candidates);
  if (distance(text, nearest) <= Math.max(2, nearest.length / 3)) return `; did you mean "${nearest}"?`;
  return candidates.length <= 8 ? `; known: ${candidates.join(', ')}` : '';
}
