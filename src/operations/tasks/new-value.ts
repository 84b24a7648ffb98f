import type { Task } from '../../domain/task.js';
import type { Store } from '../../store/store.js';
import { UsageError } from '../session/refusals.js';

/**
 * Refuses a value that cannot be a new one, before anything is stored. The message names the part and never quotes the value.
 * @throws UsageError with every flaw
 */
export async function requireNewValue(
  store: Store,
  { credential, version }: Pick<Task, 'credential' | 'version'>,
  parts: Readonly<Record<string, string>>,
): Promise<void> {
  const flaws: string[] = [];
  for (const [part, value] of Object.entries(parts)) {
    const flaw = flawOf(value) ?? (await knownAs(store, value));
    if (flaw !== null) flaws.push(`The ${part} ${flaw}`);
  }
  if (flaws.length === 0 && Object.keys(parts).length > 0) return;
  throw new UsageError(flaws.length === 0 ? 'No value was given' : flaws.join('. '), {
    state: `Nothing was stored. The task of version ${version} of ${credential} is still open.`,
    next: 'Give the new value exactly as the provider shows it.',
  });
}

/** What a person copied from a settings page instead of the value: a few characters and stars. */
const masked = /[*•]{4,}/u;

function flawOf(value: string): string | null {
  if (value.trim() === '') return 'is empty';
  if (value !== value.trim()) return 'begins or ends with a space or a line break';
  if (masked.test(value)) return 'is masked: it holds stars or dots in place of characters';
  return /\p{Cc}/u.test(value) ? 'holds a line break or another control character' : null;
}

async function knownAs(store: Store, value: string): Promise<string | null> {
  const [known] = await store.identify(value);
  return known ? `is not new: it is version ${known.number} of ${known.credential} (${known.state})` : null;
}
