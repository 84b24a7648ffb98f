import { Command, Option } from 'commander';
import { defineAdopt } from './setup/adopt.js';
import { ledgerText } from './terminal/arguments.js';
import { defineBackup } from './records/backup.js';
import { defineCheck } from './setup/check.js';
import { defineCompletion } from './completion.js';
import { defineDecide } from './rotate/decide.js';
import { defineEmergency } from './emergency/emergency.js';
import { exitCodesHelp } from './terminal/exit-codes.js';
import { defineDemo } from './lab/demo.js';
import { defineForget } from './setup/forget.js';
import { defineInit } from './setup/init.js';
import { defineLab } from './lab/lab.js';
import { defineLedger } from './records/ledger.js';
import { defineNotify } from './setup/notify.js';
import { defineEndGrace, defineExtendGrace } from './rotate/grace.js';
import { definePlan } from './rotate/plan.js';
import { defineCrashTest } from './lab/crash-test.js';
import { defineReconcile } from './reconcile/reconcile.js';
import { defineRename } from './setup/rename.js';
import { defineRestore } from './records/restore.js';
import { defineReveal } from './records/reveal.js';
import { defineRotate } from './rotate/rotate.js';
import { defineSchedules } from './schedules/schedules.js';
import { defineStatus } from './rotate/status.js';
import { defineTasks } from './tasks/tasks.js';
import { defineVerify } from './reconcile/verify.js';
import { defineUp } from './service/up.js';
import { refuseByThrowing, tellUsage } from './terminal/usage-error.js';
import { defineVersion, version } from './version.js';
import { defineIdentify } from './reconcile/identify.js';
import { defineWorker } from './service/worker.js';

const firstSteps = `
First steps:
  keyturn demo              watch a rotation on simulated systems
  keyturn lab               simulated systems that stay up, to try everything below on
  keyturn init              write a configuration for the engine you have
  keyturn check             see whether everything is in place
  keyturn adopt <name>      take in the value that is in force
  keyturn up                run everything that rotations need
  keyturn plan <name>       see what a rotation would do
  keyturn rotate <name>     do it
  keyturn emergency <name>  a value leaked: revoke it now, replace it after

${exitCodesHelp}
`;

const actorHelp = 'your name for the ledger (default: the operating system user, who is always recorded)';

/** The command line. A command loads its code only when it runs. */
export async function run(argv: readonly string[]): Promise<void> {
  endQuietlyOnClosedPipe();
  if (!argv.includes('--verbose')) process.removeAllListeners('warning'); // Node's own, such as "experimental feature"
  const program = define();
  // For these commands `--version 3` means a version of a credential; everywhere else `--version` shows Keyturn's own.
  if (!argv.some((word) => word === 'emergency' || word === 'reveal'))
    program.version(version(), '--version', 'show the version');
  try {
    await program.parseAsync(argv);
  } catch (error) {
    tellUsage(error, argv.includes('--json'));
  }
}

function define(): Command {
  const program = new Command('keyturn')
    .description(
      'Rotates the credentials of a self-hosted document stack: without downtime, without losing a secret, and with proof.',
    )
    .helpOption('-h, --help', 'show help')
    .addOption(configOption())
    .option('--json', 'answer with one JSON document on standard output; progress goes to standard error')
    .option('--verbose', 'show the stack trace of an error')
    .option('--actor <name>', actorHelp, ledgerText)
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({ outputError: () => undefined })
    .addHelpText('after', firstSteps);
  program.commandsGroup('Set up:');
  for (const add of [defineInit, defineCheck, defineAdopt, defineRename, defineForget]) add(program);
  program.commandsGroup('Rotate:');
  for (const add of [definePlan, defineRotate, defineStatus, defineVerify]) add(program);
  for (const add of [defineTasks, defineDecide, defineEndGrace, defineExtendGrace]) add(program);
  program.commandsGroup('In an emergency:');
  for (const add of [defineEmergency, defineIdentify]) add(program);
  program.commandsGroup('On a schedule:');
  for (const add of [defineSchedules, defineNotify]) add(program);
  program.commandsGroup('Look back and recover:');
  for (const add of [defineLedger, defineReconcile, defineReveal, defineBackup, defineRestore]) add(program);
  program.commandsGroup('Run:');
  for (const add of [defineUp, defineWorker]) add(program);
  program.commandsGroup('Try it on simulated systems:');
  for (const add of [defineDemo, defineLab, defineCrashTest]) add(program);
  program.commandsGroup('About this program:');
  for (const add of [defineVersion, defineCompletion]) add(program);
  refuseByThrowing(program);
  return program;
}

function configOption(): Option {
  return new Option('--config <file>', 'the configuration').default('./keyturn.yaml').env('KEYTURN_CONFIG');
}

/** `keyturn ledger | head` is no failure. */
function endQuietlyOnClosedPipe(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit();
  });
}
