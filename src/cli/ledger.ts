import type { Command } from 'commander';
import type { LedgerRow } from '../store/records.js';
import { examples } from './examples.js';
import { exitCodes } from './exit-codes.js';
import { columns, facts } from './layout.js';
import type { Paint } from './paint.js';
import { type Cli, perform } from './perform.js';
import { moment } from './time.js';

interface Options {
  readonly limit: string;
  readonly verify?: true;
}

export function defineLedger(program: Command): void {
  program
    .command('ledger [credential]')
    .summary('show what was done, by whom, and how it ended')
    .description(
      'Shows the newest entries of the ledger: every act of a person and every attempt of every step: how it ended, or that it waits and asks again. Changes nothing.',
    )
    .option('--limit <number>', 'how many entries', '20')
    .option('--verify', 'walk the whole chain instead, and say whether an entry was changed or removed')
    .addHelpText('after', examples('keyturn ledger openai --limit 50', 'keyturn ledger --verify'))
    .action((credential: string | undefined, options: Options, command: Command) =>
      perform(command, (cli) => (options.verify ? verify(cli) : show(cli, credential, options.limit))),
    );
}

async function show(cli: Cli, credential: string | undefined, limit: string): Promise<void> {
  const { UsageError } = await import('../operations/refusals.js');
  if (!/^[1-9]\d{0,6}$/.test(limit))
    throw new UsageError(`"${limit}" is not a number of entries`, {
      state: 'Nothing was changed.',
      next: 'Write for example --limit 50.',
    });
  const { withSession } = await import('./with-rotations.js');
  const { knownCredential } = await import('../operations/reach.js');
  const filter = { limit: Number(limit), ...(credential !== undefined && { credential }) };
  const entries = await withSession(cli, async ({ config, store }) => {
    const found = await store.ledger(filter);
    if (found.length === 0 && credential !== undefined) knownCredential(config, credential);
    return found;
  });
  const none = `The ledger has no entries${credential === undefined ? '' : ` about ${credential}`} yet.`;
  cli.answer({ entries }, entries.length === 0 ? [none] : columns(entries.map((entry) => cells(entry, cli.paint))));
}

async function verify(cli: Cli): Promise<typeof exitCodes.done | typeof exitCodes.failed> {
  const { withSession } = await import('./with-rotations.js');
  const { entries, head, brokenAt } = await withSession(cli, ({ store }) => store.verifyLedger());
  const { good, bad, bold, dim } = cli.paint;
  const text =
    brokenAt === null
      ? [
          `${good('✔')} ${bold(`${entries} entries`)}, and each fits the one before`,
          '',
          ...facts([[dim('Head'), head]]),
        ]
      : [
          `${bad('✖')} ${bold(`The chain is broken at entry ${brokenAt}`)}`,
          '',
          ...facts([
            [
              dim('State'),
              `The ${entries} entries before it are as they were written. This one or a later one was changed or removed.`,
            ],
            [dim('Next'), 'Compare the database with its backup before anything else.'],
          ]),
        ];
  cli.answer({ entries, head, brokenAt }, text);
  return brokenAt === null ? exitCodes.done : exitCodes.failed;
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
