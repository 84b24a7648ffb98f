import type { Command } from 'commander';
import { counted } from '../../domain/counted.js';
import type { Consent, Reconciliation } from '../../operations/reconcile/reconcile.js';
import type { Difference } from '../../operations/reconcile/reconcile-differences.js';
import { Interrupted } from '../../operations/session/refusals.js';
import { type ExitCode, exitCodes, worstOf } from '../terminal/exit-codes.js';
import { facts } from '../terminal/layout.js';
import { type Cli, examples, gathering, perform } from '../terminal/perform.js';
import { watched } from '../terminal/silence.js';
import { type Connection, withRotations, withTemporal } from '../terminal/with-session.js';

export function defineReconcile(program: Command): void {
  program
    .command('reconcile [credential]')
    .summary('compare store, provider, engine and Temporal, and repair with consent')
    .description(
      'Shows where store, provider, engine and Temporal do not agree: values changed by hand, deleted keys, orphans, a restored store, a workflow that is gone. Repairs only what you consent to, one by one, and never deletes what it did not make. Exit code 4 while a possible repair is left. A key ring that does not fit the store cannot be repaired: restore it.',
    )
    .option('--all', 'every credential of the configuration, one after the other')
    .option('--yes', 'consent to every repair')
    .option('--dry-run', 'show the differences and repair nothing')
    .addHelpText('after', examples('keyturn reconcile openai', 'keyturn reconcile --all --dry-run --json'))
    .action((credential: string | undefined, options: Options, command: Command) => {
      if ((credential === undefined) !== (options.all ?? false))
        command.error('error: name one credential, or give --all');
      return perform(command, (cli) =>
        credential === undefined ? runAll(cli, options) : run(cli, credential, options),
      );
    });
}

interface Options {
  readonly all?: true;
  readonly yes?: true;
  readonly dryRun?: true;
}

/** A failure of one credential does not hold up the others. */
async function runAll(cli: Cli, options: Options): Promise<ExitCode> {
  const { tellFailure } = await import('../terminal/failure.js');
  const { each, documents } = gathering(cli);
  const codes = await withTemporal(cli, async (session, client) => {
    const ends: ExitCode[] = [];
    for (const credential of Object.keys(session.config.credentials)) {
      cli.say('', cli.paint.bold(credential));
      ends.push(
        await reconcileOne(each, { session, client }, { credential, ...options }).catch((error: unknown) => {
          if (error instanceof Interrupted) throw error;
          return tellFailure(each, error);
        }),
      );
    }
    return ends;
  });
  cli.answer({ credentials: documents }, []);
  return worstOf(codes);
}

async function run(cli: Cli, credential: string, options: Options): Promise<ExitCode> {
  return withRotations(cli, credential, (session, client) =>
    reconcileOne(cli, { session, client }, { credential, ...options }),
  );
}

async function reconcileOne(
  cli: Cli,
  { session, client }: Connection,
  { credential, ...options }: Options & { readonly credential: string },
): Promise<ExitCode> {
  const { reconcile, look } = await import('../../operations/reconcile/reconcile.js');
  const outcome = await watched(cli, async (watcher, { begins: onAsking, ends }) => {
    const reconciling = { session, client, credential, actor: cli.actor, onAsking, ...watcher };
    if (options.dryRun) return look(reconciling);
    const consent = consentOf(cli, options);
    return reconcile(reconciling, (difference) => {
      ends(); // a person may take their time
      return consent(difference);
    });
  });
  return tell(cli, outcome);
}

/** Without a terminal and without --yes there is no consent, so the differences are only shown. */
function consentOf(cli: Cli, { yes }: Options): Consent {
  return async (difference) => {
    const { title, consent } = difference.repair;
    cli.say('', ...differenceText(cli, difference));
    if (yes || !process.stdin.isTTY) return yes === true;
    const { input } = await import('@inquirer/prompts');
    const typed = await input({ message: `${title}? Type ${consent} to do it:` }, { output: cli.stream });
    return typed.trim() === consent;
  };
}

function tell(cli: Cli, outcome: Reconciliation): ExitCode {
  const { credential, differences, repaired, failed, remaining } = outcome;
  const { good, bad, dim } = cli.paint;
  cli.answer({ ...outcome, differences: differences.map(documentOf), remaining: remaining.map(documentOf) }, [
    '',
    ...repaired.map((title) => `${good('✔')} ${title}`),
    ...failed.map(({ title, why }) => `${bad('✖')} ${title}: ${why}`),
    headline(cli, outcome),
    ...remaining.flatMap((each) => ['', ...differenceText(cli, each)]),
    '',
    `  ${dim('Next')}  keyturn status ${credential}`,
  ]);
  if (failed.length > 0) return exitCodes.failed;
  return remaining.some(({ repair }) => repair !== null) ? exitCodes.waiting : exitCodes.done;
}

function headline({ paint }: Cli, { credential, remaining, rotating }: Reconciliation): string {
  const { good, attention, bold } = paint;
  const { length } = remaining;
  if (length === 0) return `${good('✔')} ${bold(`Store, provider, engine and Temporal agree about ${credential}`)}`;
  const left = rotating ? 'a rotation is under way' : `${counted(length, 'difference')} left`;
  return `${attention('◷')} ${bold(`${credential}: ${left}`)}`;
}

function documentOf({ repair, ...difference }: Difference): object {
  return { ...difference, repair: repair && { kind: repair.kind, title: repair.title } };
}

function differenceText({ paint: { attention, bold, dim } }: Cli, difference: Difference): string[] {
  const { what, store, provider, engine, temporal, repair, next } = difference;
  return [
    `${attention('•')} ${bold(what)}`,
    ...facts([
      [dim('Store'), store],
      [dim('Provider'), provider],
      [dim('Engine'), engine],
      [dim('Temporal'), temporal],
      [dim('Repair'), repair?.title],
      [dim('Next'), next],
    ]),
  ];
}
