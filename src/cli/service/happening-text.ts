import type { LedgerRow } from '../../store/records.js';
import type { Paint } from '../terminal/paint.js';

const ended: Readonly<Record<string, 'good' | 'bad' | 'attention'>> = {
  succeeded: 'good',
  failed: 'bad',
  withdrawn: 'bad',
  'channel-broken': 'bad',
  waiting: 'attention',
  retired: 'good',
  replaced: 'good',
  'rolled-back': 'bad',
  abandoned: 'bad',
  contained: 'bad',
};
const signs = { good: '✔', bad: '✖', attention: '◷' } as const;

/** A check that succeeded with the outcome `failed` gets a bad sign. A closed rotation gets the sign of its outcome: one that only contained has replaced nothing. */
function signOf(event: string, outcome: string | undefined, paint: Paint): string {
  if (outcome === 'not-observable') return paint.attention('◌');
  if (event === 'contained') return paint.good(signs.good);
  const kind = outcome === 'failed' ? 'bad' : ended[event === 'closed' ? (outcome ?? '') : event];
  return kind ? paint[kind](signs[kind]) : '•';
}

/** An entry of the ledger, in one line. */
export function happening(
  { credential, version, event, title, outcome, detail, actor }: LedgerRow,
  { paint }: { readonly paint: Paint },
): string {
  const subject = [credential, version === undefined ? '' : `v${version}`].filter(Boolean).join(' ');
  const sign = signOf(event, outcome, paint);
  const said = [event === 'succeeded' ? '' : event, outcome, detail, actor && `by ${actor}`].filter(Boolean).join(', ');
  return [`${sign} ${paint.bold(subject)}`, title, paint.dim(said)].filter(Boolean).join('  ');
}
