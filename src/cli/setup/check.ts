import { type Command, Option } from 'commander';
import { counted } from '../../domain/counted.js';
import type { Check } from '../../operations/setup/check.js';
import { UsageError } from '../../operations/session/refusals.js';
import { type ExitCode, exitCodes } from '../terminal/exit-codes.js';
import type { Paint } from '../terminal/paint.js';
import { type Cli, examples, perform } from '../terminal/perform.js';
import { tellSilence } from '../terminal/silence.js';

export function defineCheck(program: Command): void {
  program
    .command('check [credentials...]')
    .summary('see whether everything is in place')
    .description(
      'Checks the environment, configuration, key ring, store, Temporal server, engine and providers: whether Keyturn can reach them and has the rights that it needs. Changes nothing; with --deep, nothing that stays. Exit code 1 when something is wrong. A warning (!) is something to know, and a note (•) is something that is not there yet; neither is a failure.',
    )
    .option(
      '--deep',
      "also measure how a Document Engine behaves where its vendor's documentation is silent, with throwaway values; nothing stays, and rotations follow the results",
    )
    .option(
      '--rotate-to-itself',
      'with --deep: also rotate the current value to itself, to see what happens to the former one',
    )
    .addOption(
      new Option(
        '--restart <when>',
        'with --deep, once before and once after you restart the engine: whether it keeps what was set through its API; in between, a throwaway value is valid, for an hour at most',
      ).choices(['before', 'after']),
    )
    .addHelpText('after', examples('keyturn check', 'keyturn check openai --json', 'keyturn check viewer-jwt --deep'))
    .action((credentials: string[], options: Options, command: Command) =>
      perform(command, (cli) => runCheck(cli, credentials, options)),
    );
}

interface Options {
  readonly deep?: boolean;
  readonly rotateToItself?: boolean;
  readonly restart?: 'before' | 'after';
}

async function runCheck(cli: Cli, credentials: readonly string[], options: Options): Promise<ExitCode> {
  if (!options.deep && (options.rotateToItself || options.restart)) throw needsDeep();
  const { check } = await import('../../operations/setup/check.js');
  const checks: Check[] = [];
  const { begins, ends } = tellSilence(cli);
  for await (const found of check({ file: cli.config, credentials, onAsking: begins, ...options })) {
    ends();
    checks.push(found);
    cli.say(...lines(found, cli.paint));
  }
  const wrong = checks.filter(({ ok }) => !ok).length;
  const warnings = checks.filter(({ warning }) => warning).length;
  cli.answer({ ok: wrong === 0, warnings, checks }, ['', summary(checks, { wrong, warnings }, cli.paint)]);
  return wrong === 0 ? exitCodes.done : exitCodes.failed;
}

function needsDeep(): UsageError {
  return new UsageError('--rotate-to-itself and --restart need --deep', {
    state: 'Nothing was checked.',
    next: 'Add --deep.',
  });
}

function lines(check: Check, paint: Paint): string[] {
  const { what, ok, warning, detail, next } = check;
  const { dim } = paint;
  const [first = '', ...more] = detail.split('\n');
  return [
    `${signOf(check, paint)} ${what}  ${ok && !warning ? dim(first) : first}`,
    ...more.map((line) => `    ${line}`),
    ...(next === null ? [] : [`    ${dim('Next')}  ${next}`]),
  ];
}

function signOf({ ok, warning, note }: Check, { good, bad, attention, dim }: Paint): string {
  if (!ok) return bad('✖');
  if (note) return dim('•');
  return warning ? attention('!') : good('✔');
}

function summary(
  checks: readonly Check[],
  { wrong, warnings }: { readonly wrong: number; readonly warnings: number },
  { good, bad, attention, bold }: Paint,
): string {
  const besides = warnings === 0 ? '' : attention(`, with ${counted(warnings, 'warning')}`);
  return wrong === 0
    ? `${good('✔')} ${bold('Everything is in place')}${besides}`
    : `${bad('✖')} ${bold(`${wrong} of ${checks.length} checks failed`)}${besides}`;
}
