import type { Store } from '../store/store.js';
import { UsageError } from './refusals.js';

const shortest = 8; // characters that a value has at least

/**
 * Refuses what holds a known value: a reason is kept in the ledger and in Temporal for good. Every word is tried, since whoever pastes a value
 * into a sentence means the sentence.
 * @throws UsageError that names the version, and nothing of the value
 */
export async function requireNoValue(store: Pick<Store, 'identify'>, texts: readonly string[]): Promise<void> {
  for (const word of new Set(texts.flatMap(wordsOf))) {
    const [version] = (await store.identify(word)).filter(({ providerId }) => providerId !== word); // an id is no secret
    if (!version) continue;
    const which = `version ${version.number} of ${version.credential}`;
    throw new UsageError(`The command line holds the value of ${which}`, {
      state: "Nothing was done and nothing of it was written down, but the value is in your shell's history now.",
      next: `Remove it there and run the command without it. If others can read that history: keyturn emergency ${version.credential}`,
    });
  }
}

/** A text and every word of it, with and without the marks that stand around a word in a sentence. */
function wordsOf(text: string): string[] {
  return [text, ...text.split(/\s+/).flatMap(peeled)].filter((word) => word.length >= shortest);
}

const mostMarks = 8; // on either side of a word

/** Marks are taken away one at a time: a value may itself begin or end with one, as base64url does with "-" and "_". */
function peeled(word: string): string[] {
  const [before = ''] = /^[^a-z0-9]*/i.exec(word) ?? [];
  const [after = ''] = /[^a-z0-9]*$/i.exec(word.slice(before.length)) ?? [];
  const starts = upTo(Math.min(before.length, mostMarks));
  const ends = upTo(Math.min(after.length, mostMarks));
  return starts.flatMap((start) => ends.map((end) => word.slice(start, word.length - end)));
}

function upTo(last: number): number[] {
  return Array.from({ length: last + 1 }, (_, index) => index);
}
