import type { Command } from 'commander';
import { examples, perform } from '../terminal/perform.js';
import { withSession } from '../terminal/with-session.js';

export function definePlan(program: Command): void {
  program
    .command('plan <credential>')
    .summary('show what a rotation would do')
    .description(
      'Shows every step that rotate would take, with its requests and with what undoes it. Changes nothing and needs no Temporal server.',
    )
    .addHelpText('after', examples('keyturn plan openai', 'keyturn plan openai --json'))
    .action((credential: string, _options: unknown, command: Command) =>
      perform(command, async (cli) => {
        const { planOf } = await import('../../operations/rotate/outlook.js');
        const { planText } = await import('./plan-text.js');
        const outlook = await withSession(cli, (session) => planOf(session, { credential, actor: cli.actor }));
        cli.answer(outlook, planText(outlook, cli.paint));
      }),
    );
}
