import { type Command, Option } from 'commander';
import type { Check } from '../operations/check.js';
import { UsageError } from '../operations/refusals.js';
import { examples } from './examples.js';
import { type ExitCode, exitCodes } from './exit-codes.js';
import type { Paint } from './paint.js';
import { type Cli, perform } from './perform.js';
import { tellSilence } from './silence.js';

export function defineCheck(program: Command): void {
  program
    .command('check [credentials...]')
    .summary('see whether everything is in place')
    .description(
      'Looks at the environment, configuration, key ring, store, Temporal server, engine and providers: whether all of them can be reached and let Keyturn do its work. Changes nothing (with --deep nothing that stays). Exit code 1 when anything is not right; a warning (!) is something to know, a note (•) something that is not there yet, and neither is a failure.',
    )
    .option(
      '--deep',
      'also find out how a Document Engine does what its vendor leaves open, with values that nobody holds; nothing stays, and rotations follow what is found',
    )
    .option(
      '--rotate-to-itself',
      'with --deep: also make the current value current once more, to see what becomes of the former one',
    )
    .addOption(
      new Option(
        '--restart <when>',
        'with --deep, before and after you restart the engine: see whether it keeps what was set through its API; in between a value that nobody holds is valid, for an hour at most',
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
  const { check } = await import('../operations/check.js');
  const checks: Check[] = [];
  const { begins, ends } = tellSilence(cli);
  for await (const found of check({ file: cli.config, credentials, onAsking: begins, ...options })) {
    ends();
    checks.push(found);
    cli.say(...lines(found, cli.paint));
  }
  const wrong = checks.filter(({ ok }) => !ok).length;
  const warnings = checks.filter(({ warning }) => warning).length;
  cli.answer({ ok: wrong === 0, warnings, checks }, ['', verdict({ wrong, warnings, all: checks.length }, cli.paint)]);
  return wrong === 0 ? exitCodes.done : exitCodes.failed;
}

function needsDeep(): UsageError {
  return new UsageError('--rotate-to-itself and --restart are parts of --deep', {
    state: 'Nothing was looked at.',
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

interface Counts {
  readonly wrong: number;
  readonly warnings: number;
  readonly all: number;
}

function verdict({ wrong, warnings, all }: Counts, { good, bad, attention, bold }: Paint): string {
  const besides = warnings === 0 ? '' : attention(`, with ${warnings} ${warnings === 1 ? 'warning' : 'warnings'}`);
  return wrong === 0
    ? `${good('✔')} ${bold('Everything is in place')}${besides}`
    : `${bad('✖')} ${bold(`Not right: ${wrong} of ${all}`)}${besides}`;
}
