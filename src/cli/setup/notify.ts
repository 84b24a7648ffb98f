import type { Command } from 'commander';
import { type ExitCode, exitCodes } from '../terminal/exit-codes.js';
import { type Cli, examples, perform } from '../terminal/perform.js';
import { withSession } from '../terminal/with-session.js';

export function defineNotify(program: Command): void {
  const notify = program
    .command('notify')
    .summary('messages about what happens, by webhook and e-mail')
    .description(
      'Workers send messages on the channels of the configuration (notifications) when a rotation is due soon, overdue, begun, waiting for a person, rolled back, failed or done, and about emergencies. A broken channel holds nothing up; keyturn status shows it.',
    )
    .addHelpText('after', examples('keyturn notify test'));
  notify
    .command('test')
    .summary('send a test message on every channel')
    .description('Sends a message that says it is a test, and shows whether it was accepted.')
    .addHelpText('after', examples('keyturn notify test', 'keyturn notify test --json'))
    .action((_options: unknown, command: Command) => perform(command, (cli) => test(cli)));
}

async function test(cli: Cli): Promise<ExitCode> {
  const { testChannels } = await import('../../operations/setup/notify-test.js');
  const tested = await withSession(cli, (session) => testChannels(session, cli.actor));
  const { good, bad, bold } = cli.paint;
  const lines = tested.map(({ channel, ok, why }) =>
    ok ? `${good('✔')} ${bold(channel)}: sent` : `${bad('✖')} ${bold(channel)}: ${why ?? 'not sent'}`,
  );
  cli.answer({ channels: tested }, lines);
  return tested.every(({ ok }) => ok) ? exitCodes.done : exitCodes.failed;
}
