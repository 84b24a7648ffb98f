import { closest, distance } from 'fastest-levenshtein';

/** The candidate that was probably meant, as the end of a sentence; failing that, all of them while they are few. */
export function didYouMean(text: string, candidates: readonly string[]): string {
  if (candidates.length === 0) return '';
  const nearest = closest(text, candidates);
  if (distance(text, nearest) <= Math.max(2, nearest.length / 3)) return `; did you mean "${nearest}"?`;
  return candidates.length <= 8 ? `; known: ${candidates.join(', ')}` : '';
}
