import type { Client } from '@temporalio/client';
import type { Command } from 'commander';
import type { Beginning, Begun } from '../operations/begin.js';
import type { Session } from '../operations/session.js';
import { durationOf } from './duration-argument.js';
import { examples } from './examples.js';
import { type ExitCode, exitCodes } from './exit-codes.js';
import { facts } from './layout.js';
import { type Cli, perform } from './perform.js';
import { said } from './said.js';

interface Options {
  readonly reason: string;
  readonly grace?: string;
  readonly detach?: true;
  readonly resetSchedule?: true;
}

export function defineRotate(program: Command): void {
  program
    .command('rotate <credential>')
    .summary('replace a value, prove the new one, retire the old one')
    .description(
      'Makes a new value, puts it into the engine, proves that it is in use, waits for the grace, and retires the old one. Shows each step; Ctrl-C leaves the view, and the rotation goes on. If one is running already, it is shown instead.',
    )
    .option(
      '--reason <text>',
      'why, for the ledger and Temporal; never write a secret here',
      said,
      'asked for on the command line',
    )
    .option('--grace <duration>', 'how long the old value stays usable, instead of what the configuration says')
    .option(
      '--reset-schedule',
      'count the interval of its schedule from this rotation; else the schedule stays as it is',
    )
    .option('--detach', 'start it and do not watch')
    .addHelpText(
      'after',
      examples(
        'keyturn rotate openai --reason "someone left the team"',
        'keyturn rotate openai --grace "0 seconds"',
        'keyturn rotate openai --detach --json',
      ),
    )
    .action((credential: string, options: Options, command: Command) =>
      perform(command, async (cli) => {
        if (options.grace !== undefined) durationOf(options.grace);
        const { withRotations } = await import('./with-rotations.js');
        return withRotations(cli, credential, (client, session) =>
          rotate(cli, { client, session }, { credential, ...options }),
        );
      }),
    );
}

interface Wanted extends Options {
  readonly credential: string;
}

async function rotate(
  cli: Cli,
  { client, session }: { client: Client; session: Session },
  wanted: Wanted,
): Promise<ExitCode> {
  const { credential, detach } = wanted;
  const { begin } = await import('../operations/begin.js');
  const begun = await begin(session, client, beginning(cli, wanted));
  cli.say(...beginningText(cli, begun, wanted));
  if (begun.hasWorker && !detach) return follow(cli, { client, session }, { credential, ...begun });
  const { workflowId, isNew, hasWorker } = begun;
  const next = hasWorker ? `keyturn status ${credential} --follow` : 'keyturn up, or keyturn worker';
  const state = hasWorker ? 'running' : 'waiting for a worker';
  cli.answer({ credential, workflowId, isNew, state }, facts([[cli.paint.dim('Next'), next]]));
  return hasWorker ? exitCodes.done : exitCodes.waiting;
}

async function follow(
  cli: Cli,
  at: { client: Client; session: Session },
  { credential, workflowId, isNew }: Begun & { readonly credential: string },
): Promise<ExitCode> {
  const { watch } = await import('./watch.js');
  const { tellWatched } = await import('./watched-text.js');
  return tellWatched(cli, await watch(cli, at, credential), { credential, workflowId, isNew });
}

function beginning({ actor }: Cli, { credential, reason, grace, resetSchedule }: Wanted): Beginning {
  const request = { actor, trigger: 'manual', reason, ...(resetSchedule && { resetsCadence: resetSchedule }) } as const;
  return grace === undefined ? { credential, request } : { credential, request, grace: durationOf(grace) };
}

function beginningText(
  { paint }: Cli,
  { isNew, hasWorker }: Begun,
  { credential, grace, resetSchedule }: Wanted,
): string[] {
  const { good, attention, bold } = paint;
  const begun = `${good('✔')} The rotation of ${bold(credential)} has begun`;
  const found = `${attention('•')} A rotation of ${bold(credential)} is running already`;
  const kept = `  ${attention('Its grace stays as it is; to change it: keyturn extend-grace, keyturn retire-now.')}`;
  return [
    isNew ? begun : found,
    ...(!isNew && grace !== undefined ? [kept] : []),
    ...(!isNew && resetSchedule ? [`  ${attention('Its schedule is not reset by it: it was not begun to.')}`] : []),
    ...(hasWorker ? [] : [`${attention('◷')} It is started and waits: no worker is there to do it.`]),
  ];
}
