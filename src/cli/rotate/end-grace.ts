import type { Command } from 'commander';
import { examples } from '../terminal/examples.js';
import { perform } from '../terminal/perform.js';

export function defineEndGrace(program: Command): void {
  program
    .command('end-grace <credential>')
    .summary('end the grace: retire the old value now')
    .description(
      'Ends the grace of a rotation now. Keyturn first takes a fresh proof of the new value, then retires the old one for good.',
    )
    .addHelpText('after', examples('keyturn end-grace openai'))
    .action((credential: string, _options: unknown, command: Command) =>
      perform(command, async (cli) => {
        const { withRotations } = await import('../terminal/with-rotations.js');
        const { endGrace } = await import('../../operations/rotate/steer.js');
        const until = await withRotations(cli, credential, (client, session) =>
          endGrace(session, client, { credential, actor: cli.actor }),
        );
        cli.answer({ credential, sent: 'endGrace', until }, [
          `${cli.paint.good('✔')} The grace of ${cli.paint.bold(credential)} has ended. Keyturn takes a fresh proof, then retires the old value.`,
          `  ${cli.paint.dim('Next')}  keyturn status ${credential} --follow`,
        ]);
      }),
    );
}
