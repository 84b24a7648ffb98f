import type { Command } from 'commander';
import { counted } from '../../domain/counted.js';
import { headOf, headText, type LedgerHead } from '../../domain/ledger-head.js';
import type { Session } from '../../operations/session/session.js';
import type { LedgerRow } from '../../store/records.js';
import { UsageError } from '../../operations/session/refusals.js';
import { count, since } from '../terminal/arguments.js';
import { type ExitCode, exitCodes } from '../terminal/exit-codes.js';
import { columns, facts } from '../terminal/layout.js';
import type { Paint } from '../terminal/paint.js';
import { type Cli, examples, perform } from '../terminal/perform.js';
import { moment } from '../terminal/time.js';
import { withSession } from '../terminal/with-session.js';

const usualLimit = 20;

interface Options {
  readonly limit?: number;
  readonly since?: number;
  readonly verify?: true;
  readonly expect?: string;
}

export function defineLedger(program: Command): void {
  program
    .command('ledger [credential]')
    .summary('show what was done, by whom, and how it ended')
    .description(
      'Shows the newest entries of the ledger: every act of a person and every attempt of every step, with how it ended, or that it waits and will ask again. Changes nothing.',
    )
    .option('--limit <number>', 'how many entries (default: 20, or all with --since)', count)
    .option(
      '--since <time>',
      'only entries since then: a duration ago, such as 24h, or a day or moment by the local clock',
      since,
    )
    .option('--verify', 'verify the whole chain instead: whether an entry was changed or removed')
    .option('--expect <head>', 'with --verify: an earlier head of the ledger, from a notification or --verify')
    .addHelpText(
      'after',
      examples('keyturn ledger openai --limit 50', 'keyturn ledger --since 24h', 'keyturn ledger --verify'),
    )
    .action((credential: string | undefined, options: Options, command: Command) =>
      perform(command, (cli) =>
        options.verify || options.expect !== undefined ? verify(cli, options.expect) : show(cli, credential, options),
      ),
    );
}

async function show(cli: Cli, credential: string | undefined, { limit, since: from }: Options): Promise<void> {
  const { knownCredential } = await import('../../operations/session/reach.js');
  const about = { ...(credential !== undefined && { credential }) };
  const newest = from === undefined ? { limit: limit ?? usualLimit } : {};
  const entries = await withSession(cli, async ({ config, store }) => {
    const found = await store.ledger({ ...about, ...newest });
    if (found.length === 0 && credential !== undefined) knownCredential(config, credential);
    return from === undefined ? found : found.filter(({ at }) => at >= from).slice(-(limit ?? found.length));
  });
  const when = from === undefined ? ' yet' : ` since ${moment(from)}`;
  const none = `The ledger has no entries${credential === undefined ? '' : ` about ${credential}`}${when}.`;
  cli.answer({ entries }, entries.length === 0 ? [none] : columns(entries.map((entry) => cells(entry, cli.paint))));
}

async function verify(cli: Cli, expected: string | undefined): Promise<ExitCode> {
  const known = expected === undefined ? null : headOf(expected);
  if (expected !== undefined && !known)
    throw new UsageError('That is not the head of a ledger', {
      state: 'Nothing was verified.',
      next: 'Copy it from an earlier --verify, a notification, or the manifest of a backup: <entries>:<head>.',
    });
  return withSession(cli, async (session) => {
    const verified = await session.store.verifyLedger();
    const outside = await compared(session, known);
    const { entries, head, brokenAt, statesFit } = verified;
    const anchor = headText(verified);
    cli.answer({ entries, head, brokenAt, statesFit, anchor, ...outside }, verifiedText(verified, outside, cli.paint));
    const isRight = brokenAt === null && statesFit && outside.olderThan.length === 0;
    return isRight ? exitCodes.done : exitCodes.failed;
  });
}

interface Outside {
  /** What the ledger was compared with. */
  readonly comparedWith: readonly ('the expected head' | 'Temporal')[];
  /** One sentence for each of them that knows a later ledger. */
  readonly olderThan: readonly string[];
}

async function compared(session: Session, known: LedgerHead | null): Promise<Outside> {
  const { whyOlder, whyOlderThanTemporal } = await import('../../operations/records/ledger-anchor.js');
  const { reachIfThere } = await import('../../operations/session/reach.js');
  const expected = known && (await whyOlder(session.store, known));
  const { client } = await reachIfThere(session.config);
  try {
    const temporal = client && (await whyOlderThanTemporal(session, client));
    return {
      comparedWith: [...(known ? (['the expected head'] as const) : []), ...(client ? (['Temporal'] as const) : [])],
      olderThan: [...new Set([expected, temporal].filter((why) => why !== null))],
    };
  } finally {
    await client?.connection.close();
  }
}

function verifiedText(
  { entries, head, brokenAt, statesFit }: Awaited<ReturnType<Session['store']['verifyLedger']>>,
  { comparedWith, olderThan }: Outside,
  { good, bad, bold, dim }: Paint,
): string[] {
  const next = [dim('Next'), 'Compare the database with its backup before anything else.'] as const;
  if (brokenAt !== null)
    return [
      `${bad('✖')} ${bold(`The chain is broken at entry ${brokenAt}`)}`,
      '',
      ...facts([
        [
          dim('State'),
          `What is before it (${counted(entries, 'entry', 'entries')}) is as it was written. This one or a later one was changed or removed.`,
        ],
        next,
      ]),
    ];
  const states = statesFit ? [] : ['The state of a version was changed by something other than Keyturn'];
  const wrong = [...states, ...olderThan];
  const outside = comparedWith.length === 0 ? 'nothing: no Temporal server was reached' : comparedWith.join(', ');
  return [
    `${good('✔')} ${bold(counted(entries, 'entry', 'entries'))}, chain intact`,
    ...wrong.map((why) => `${bad('✖')} ${bold(why)}`),
    '',
    ...facts([
      [dim('Head'), headText({ entries, head })],
      [dim('Compared with'), outside],
      ...(wrong.length === 0 ? [] : [next]),
    ]),
  ];
}

function cells(
  { seq, at, event, credential, version, phase, title, outcome, detail, actor, attempt }: LedgerRow,
  { dim }: Paint,
): string[] {
  const subject = [credential, version === undefined ? '' : `v${version}`].filter(Boolean).join(' ');
  const what = [title, outcome, detail, actor && `by ${actor}`, (attempt ?? 1) > 1 ? `attempt ${attempt}` : '']
    .filter(Boolean)
    .join(' · ');
  return [dim(String(seq)), dim(moment(at)), subject, phase ?? '', event, what];
}
