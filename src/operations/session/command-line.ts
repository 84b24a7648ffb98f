import type { Store } from '../../store/store.js';
import { UsageError } from './refusals.js';

const shortest = 8; // characters; no value is shorter

/**
 * Refuses texts that hold a known value: a reason stays in the ledger and in Temporal for good. Tries every word, because a value may be pasted
 * into a sentence.
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

/** A text and every word of it, with and without the punctuation around it. */
function wordsOf(text: string): string[] {
  return [text, ...text.split(/\s+/).flatMap(peeled)].filter((word) => word.length >= shortest);
}

const mostPunctuation = 8; // characters on either side of a word

/** Removes punctuation one character at a time: a value may itself begin or end with some, as base64url does with "-" and "_". */
function peeled(word: string): string[] {
  const [before = ''] = /^[^a-z0-9]*/i.exec(word) ?? [];
  const [after = ''] = /[^a-z0-9]*$/i.exec(word.slice(before.length)) ?? [];
  const starts = upTo(Math.min(before.length, mostPunctuation));
  const ends = upTo(Math.min(after.length, mostPunctuation));
  return starts.flatMap((start) => ends.map((end) => word.slice(start, word.length - end)));
}

function upTo(last: number): number[] {
  return Array.from({ length: last + 1 }, (_, index) => index);
}
