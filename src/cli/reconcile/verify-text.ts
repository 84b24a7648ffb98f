import type { InForce, Verification } from '../../domain/verification.js';
import type { Verified } from '../../operations/reconcile/verify.js';
import { facts } from '../terminal/layout.js';
import type { Paint } from '../terminal/paint.js';
import { roughly } from '../terminal/time.js';

/** What was found about one credential, for a person. */
export function verifiedText({ credential, known, ...one }: Verified, paint: Paint, now: number): string[] {
  const { attention, bold, dim } = paint;
  const { skipped, document, reloaded, againMs } = one;
  const again = againMs === null ? null : `verify again in ${roughly(againMs)}: keyturn verify ${credential}`;
  return [
    `${skipped === null ? sign(known, paint) : attention('!')} ${bold(credential)} ${known ? `version ${known.version}: ${words[known.state]}` : 'not verified yet'}`,
    ...facts([
      [dim('Found'), known?.why],
      [dim('Verified'), known && known.verifiedAt !== null ? `${roughly(now - known.verifiedAt)} ago` : null],
      [dim('Document'), document?.detail],
      [dim('Done'), reloaded ? 'Keyturn made the engine reload its settings' : null],
      [dim('Not verified'), skipped],
      [dim('Next'), again],
    ]),
  ];
}

const words: Readonly<Record<InForce, string>> = {
  verified: 'verified, it is in force',
  suspected: 'suspected, it may not be in force',
  drifted: 'drifted, it needs a person',
  'not-observable': 'no problem found, but its use cannot be observed',
};

function sign(known: Verified['known'], { good, bad, attention, dim }: Paint): string {
  if (!known) return dim('•');
  return { verified: good('✔'), suspected: attention('!'), drifted: bad('✖'), 'not-observable': dim('•') }[known.state];
}

/** The same in a column of the table of `keyturn status`. */
export function inForceCell(known: Pick<Verification, 'state' | 'verifiedAt' | 'since'> | null, paint: Paint): string {
  if (!known) return '–';
  const now = Date.now();
  const since = roughly(now - known.since);
  const cells: Readonly<Record<InForce, string>> = {
    verified: paint.good(`${roughly(now - (known.verifiedAt ?? known.since))} ago`),
    suspected: paint.attention(`suspected, ${since}`),
    drifted: paint.bad(`drifted, ${since}`),
    'not-observable': paint.dim('not observable'),
  };
  return cells[known.state];
}
