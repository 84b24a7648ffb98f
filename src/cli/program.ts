import { readFileSync } from 'node:fs';
import { Command, type CommanderError } from 'commander';
import { defineAdopt } from './adopt.js';
import { defineBackup } from './backup.js';
import { defineCheck } from './check.js';
import { defineDecide } from './decide.js';
import { defineEmergency } from './emergency.js';
import { exitCodes, exitCodesHelp } from './exit-codes.js';
import { defineDemo } from './demo.js';
import { defineExtendGrace } from './extend-grace.js';
import { defineForget } from './forget.js';
import { defineInit } from './init.js';
import { defineLedger } from './ledger.js';
import { defineNotify } from './notify.js';
import { paintFor } from './paint.js';
import { defineRetireNow } from './retire-now.js';
import { definePlan } from './plan.js';
import { defineProve } from './prove.js';
import { defineReconcile } from './reconcile.js';
import { defineRename } from './rename.js';
import { defineRestore } from './restore.js';
import { defineReveal } from './reveal.js';
import { defineRotate } from './rotate.js';
import { said } from './said.js';
import { defineSchedules } from './schedules.js';
import { defineStatus } from './status.js';
import { defineVerify } from './verify.js';
import { defineUp } from './up.js';
import { defineWhose } from './whose.js';
import { defineWorker } from './worker.js';

const firstSteps = `
First steps:
  keyturn demo              watch a rotation on simulated systems
  keyturn init              write a configuration for the engine you have
  keyturn check             see whether everything is in place
  keyturn adopt <name>      take in the value that is in force
  keyturn up                run everything that rotations need
  keyturn plan <name>       see what a rotation would do
  keyturn rotate <name>     do it
  keyturn emergency <name>  a value leaked: revoke it now, replace it after

${exitCodesHelp}
`;

const actorHelp = 'who the ledger says it was (default: the operating system user, who is recorded beside it)';

/** The command line. Commands are light: whatever they need is loaded when one of them runs. */
export async function run(argv: readonly string[]): Promise<void> {
  endQuietlyOnClosedPipe();
  if (!argv.includes('--verbose')) process.removeAllListeners('warning'); // Node's own, such as "experimental feature"
  const program = define();
  // Of these commands `--version 3` names a version of a credential; everywhere else it asks for Keyturn's own.
  if (!argv.some((word) => word === 'emergency' || word === 'reveal'))
    program.version(version(), '--version', 'show the version');
  try {
    await program.parseAsync(argv);
  } catch (error) {
    usageError(error as CommanderError, argv.includes('--json'));
  }
}

function define(): Command {
  const program = new Command('keyturn')
    .description(
      'Rotates the credentials of a self-hosted document stack: without downtime, without losing a secret, and with proof.',
    )
    .helpOption('-h, --help', 'show help')
    .option('--config <file>', 'the configuration', './keyturn.yaml')
    .option('--json', 'answer with one JSON document on standard output; progress goes to standard error')
    .option('--verbose', 'show where an error happened')
    .option('--actor <name>', actorHelp, said)
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({ outputError: () => undefined })
    .exitOverride()
    .addHelpText('after', firstSteps);
  program.commandsGroup('Set up:');
  for (const add of [defineInit, defineCheck, defineAdopt, defineRename, defineForget]) add(program);
  program.commandsGroup('Rotate:');
  for (const add of [
    definePlan,
    defineRotate,
    defineStatus,
    defineVerify,
    defineDecide,
    defineRetireNow,
    defineExtendGrace,
  ])
    add(program);
  program.commandsGroup('In an emergency:');
  for (const add of [defineEmergency, defineWhose]) add(program);
  program.commandsGroup('On a schedule:');
  for (const add of [defineSchedules, defineNotify]) add(program);
  program.commandsGroup('Look back and recover:');
  for (const add of [defineLedger, defineReconcile, defineReveal, defineBackup, defineRestore]) add(program);
  program.commandsGroup('Run:');
  for (const add of [defineUp, defineWorker, defineDemo, defineProve]) add(program);
  return program;
}

/** Help and version come as errors too, with nothing left to do; a command line that cannot be meant changes nothing. */
function usageError({ code, exitCode, message }: CommanderError, json: boolean): void {
  process.exitCode = exitCode === 0 ? exitCodes.done : exitCodes.usage;
  if (exitCode === 0 || code === 'commander.help') return;
  const what = withoutValues(code, message.replace(/^error: /, '').replace('\n', ' '));
  const next = 'See what there is: keyturn --help';
  const { bad, bold, dim } = paintFor(process.stderr);
  process.stderr.write(
    `${bad('✖')} ${bold(what)}\n\n  ${dim('State')}  Nothing was changed.\n  ${dim('Next')}   ${next}\n`,
  );
  if (json)
    process.stdout.write(
      `${JSON.stringify({ error: { what, state: 'Nothing was changed.', next, exitCode: exitCodes.usage } }, null, 2)}\n`,
    );
}

const asCommands = /^[a-z][a-z-]{0,19}$/; // what may be meant for one, and not a key

/** Whoever pastes a key where none belongs does not get to see it again. */
function withoutValues(code: string, message: string): string {
  const kept = "; it is not shown, and is in your shell's history now if it was a secret";
  if (code === 'commander.excessArguments') return message.replace(/: [^]*$/, kept);
  const [, given = ''] = /^unknown command '([^']*)'/.exec(message) ?? [];
  if (code === 'commander.unknownCommand' && !asCommands.test(given)) return `there is no such command${kept}`;
  return code === 'commander.unknownOption' ? message.replace(/=[^']*'/, "'") : message;
}

function version(): string {
  const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  return version;
}

/** `keyturn ledger | head` is no failure. */
function endQuietlyOnClosedPipe(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit();
  });
}
