import type { Store } from '../store/store.js';
import { UsageError } from './refusals.js';

const shortest = 8; // characters that a value has at least

/**
 * Refuses what holds a known value: a reason is kept in the ledger and in Temporal for good. Every word is tried, since whoever pastes a value
 * into a sentence means the sentence.
 * @throws UsageError that names the version, and nothing of the value
 */
export async function requireNoValue(store: Pick<Store, 'whose'>, texts: readonly string[]): Promise<void> {
  for (const word of new Set(texts.flatMap(wordsOf))) {
    const [version] = (await store.whose(word)).filter(({ providerId }) => providerId !== word); // an id is no secret
    if (!version) continue;
    const which = `version ${version.number} of ${version.credential}`;
    throw new UsageError(`The command line holds the value of ${which}`, {
      state: "Nothing was done and nothing of it was written down, but the value is in your shell's history now.",
      next: `Remove it there and run the command without it. If others can read that history: keyturn emergency ${version.credential}`,
    });
  }
}

/** A text and every word of it, without what stands around a word in a sentence. */
function wordsOf(text: string): string[] {
  const words = text.split(/\s+/).flatMap((word) => [word, word.replaceAll(/^[^\w+/]+|[^\w+/=]+$/g, '')]);
  return [text, ...words].filter((word) => word.length >= shortest);
}
