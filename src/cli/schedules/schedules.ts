import type { Client } from '@temporalio/client';
import type { Command } from 'commander';
import type { Session } from '../../operations/session/session.js';
import { type ExitCode, exitCodes } from '../terminal/exit-codes.js';
import { type Cli, examples, perform } from '../terminal/perform.js';
import { reasonOption, withReason } from '../terminal/reason.js';
import { withTemporal } from '../terminal/with-session.js';

const description = `Rotates credentials automatically: each has a Temporal Schedule that agrees with the configuration. A schedule that is due waits for its window and for a free slot. Adopting or applying rotates nothing; the first run is one interval after the adoption or the last rotation.`;

export function defineSchedules(program: Command): void {
  const schedules = program
    .command('schedules')
    .summary('rotate automatically when it is due')
    .description(description)
    .addHelpText('after', examples('keyturn schedules plan', 'keyturn schedules apply --json'));
  schedules
    .command('plan')
    .summary('show what apply would change')
    .description('Compares the schedules in Temporal with the configuration. Changes nothing.')
    .addHelpText('after', examples('keyturn schedules plan'))
    .action((_options: unknown, command: Command) => perform(command, (cli) => plan(cli)));
  schedules
    .command('apply')
    .summary('make the schedules agree with the configuration')
    .description(
      'Creates, updates and deletes the schedules of this installation, including those of the verification. Touches no others, and rotates nothing.',
    )
    .addHelpText('after', examples('keyturn schedules apply'))
    .action((_options: unknown, command: Command) => perform(command, (cli) => apply(cli)));
  schedules
    .command('list')
    .summary('show the schedules that there are')
    .description('Shows what Temporal has: when each schedule runs next and ran last, and whether it is paused.')
    .addHelpText('after', examples('keyturn schedules list'))
    .action((_options: unknown, command: Command) => perform(command, (cli) => list(cli)));
  defineControls(schedules);
}

interface Reason {
  readonly reason?: string;
}

function defineControls(schedules: Command): void {
  for (const { verb, pause, effect } of [
    {
      verb: 'pause',
      pause: true,
      effect: 'The schedule starts nothing until it is resumed. A rotation in progress continues.',
    },
    { verb: 'resume', pause: false, effect: 'The schedule continues with its next due time.' },
  ])
    schedules
      .command(`${verb} <credential>`)
      .summary(`${verb} a schedule`)
      .description(effect)
      .addOption(reasonOption())
      .addHelpText('after', examples(`keyturn schedules ${verb} openai --reason "the migration"`))
      .action((credential: string, { reason: given }: Reason, command: Command) =>
        perform(command, (cli) =>
          withReason({ cli, command, given }, (asked, reason) => control(asked, { credential, reason, pause })),
        ),
      );
  schedules
    .command('trigger <credential>')
    .summary('treat a credential as due now')
    .description(
      'Rotates as its schedule would: in its window, when a slot is free. To rotate at once: keyturn rotate.',
    )
    .addOption(reasonOption())
    .addHelpText('after', examples('keyturn schedules trigger openai --reason "the last run was rolled back"'))
    .action((credential: string, { reason: given }: Reason, command: Command) =>
      perform(command, (cli) =>
        withReason({ cli, command, given }, (asked, reason) => trigger(asked, { credential, reason })),
      ),
    );
}

async function connected<T>(cli: Cli, action: (session: Session, client: Client) => Promise<T>): Promise<T> {
  return withTemporal(cli, action);
}

async function plan(cli: Cli): Promise<void> {
  const { planSchedules } = await import('../../operations/schedules/schedules.js');
  const { changesText } = await import('./schedules-text.js');
  const changes = await connected(cli, planSchedules);
  const pending = changes.some(({ change }) => !['keep', 'none'].includes(change));
  cli.answer({ changes }, changesText(changes, { paint: cli.paint, next: pending ? 'keyturn schedules apply' : null }));
}

async function apply(cli: Cli): Promise<void> {
  const { applySchedules } = await import('../../operations/schedules/schedules.js');
  const { changesText } = await import('./schedules-text.js');
  const { applyVerification } = await import('../../operations/schedules/verification-schedules.js');
  const { changes, verification } = await connected(cli, async (session, client) => ({
    changes: await applySchedules(session, client, cli.actor),
    verification: await applyVerification(session, client),
  }));
  const verified = verification.map(({ engine, basis }) => `Verifies what ${engine} uses: ${basis}`);
  cli.answer({ changes, verification }, [...changesText(changes, { paint: cli.paint, next: null }), '', ...verified]);
}

async function list(cli: Cli): Promise<void> {
  const { listSchedules } = await import('../../operations/schedules/schedule-control.js');
  const { schedulesText } = await import('./schedules-text.js');
  const schedules = await connected(cli, listSchedules);
  cli.answer({ schedules }, schedulesText(schedules, cli.paint));
}

async function control(
  cli: Cli,
  order: { readonly credential: string; readonly reason: string; readonly pause: boolean },
): Promise<void> {
  const { pauseSchedule, resumeSchedule } = await import('../../operations/schedules/schedule-control.js');
  const { credential, pause } = order;
  const { madeAgain } = await connected(cli, async (session, client) => {
    const asked = { ...order, actor: cli.actor };
    if (!pause) return resumeSchedule(session, client, asked);
    await pauseSchedule(session, client, asked);
    return { madeAgain: false };
  });
  const { good, bold } = cli.paint;
  const outcome = pause ? 'is paused' : madeAgain ? 'was missing in Temporal and was created again' : 'is resumed';
  cli.answer({ credential, paused: pause, madeAgain }, [
    `${good('✔')} The schedule of ${bold(credential)} ${outcome}.`,
  ]);
}

async function trigger(cli: Cli, order: { readonly credential: string; readonly reason: string }): Promise<ExitCode> {
  const { triggerSchedule } = await import('../../operations/schedules/schedule-control.js');
  const { workersOf } = await import('../../operations/session/reach.js');
  const { taskQueueOf } = await import('../../domain/temporal-names.js');
  const { workflowId, hasWorker } = await connected(cli, async (session, client) => ({
    workflowId: await triggerSchedule(session, client, { ...order, actor: cli.actor }),
    hasWorker: (await workersOf(client, taskQueueOf(session.store.installation))) > 0,
  }));
  const { good, bold, dim } = cli.paint;
  const next = hasWorker ? `keyturn status ${order.credential}` : 'keyturn up, or keyturn worker: no worker is running';
  cli.answer({ credential: order.credential, workflowId, hasWorker }, [
    `${good('✔')} ${bold(order.credential)} is treated as due: it is rotated in its window, when a slot is free.`,
    `  ${dim('Next')}  ${next}`,
  ]);
  return hasWorker ? exitCodes.done : exitCodes.waiting;
}
