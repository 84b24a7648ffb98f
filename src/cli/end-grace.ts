import type { Command } from 'commander';
import { examples } from './examples.js';
import { perform } from './perform.js';

export function defineEndGrace(program: Command): void {
  program
    .command('end-grace <credential>')
    .summary('end the grace: retire the old value now')
    .description(
      'Ends the wait of a rotation in its grace. The proof is taken afresh first; then the old value is retired, for good.',
    )
    .addHelpText('after', examples('keyturn end-grace openai'))
    .action((credential: string, _options: unknown, command: Command) =>
      perform(command, async (cli) => {
        const { withRotations } = await import('./with-rotations.js');
        const { endGrace } = await import('../operations/steer.js');
        const until = await withRotations(cli, credential, (client, session) =>
          endGrace(session, client, { credential, actor: cli.actor }),
        );
        cli.answer({ credential, sent: 'endGrace', until }, [
          `${cli.paint.good('✔')} The grace of ${cli.paint.bold(credential)} is ended; the proof is taken afresh, then the old value is retired.`,
          `  ${cli.paint.dim('Next')}  keyturn status ${credential} --follow`,
        ]);
      }),
    );
}
