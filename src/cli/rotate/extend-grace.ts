import type { Command } from 'commander';
import { readDuration } from '../../domain/duration.js';
import { examples } from '../terminal/examples.js';
import { perform } from '../terminal/perform.js';

export function defineExtendGrace(program: Command): void {
  const command: Command = program
    .command('extend-grace <credential> <duration...>')
    .summary('keep the old value usable for longer')
    .description('Moves the end of the grace of a rotation: the old value stays usable that much longer.')
    .addHelpText('after', examples('keyturn extend-grace openai 12h'))
    .action((credential: string, words: string[]) => {
      const duration =
        readDuration(words.join(' ')) ?? command.error('error: that is not a duration; write for example 30m or 12h');
      return perform(command, async (cli) => {
        const { withRotations } = await import('../terminal/with-rotations.js');
        const { extendGraceBy } = await import('../../operations/rotate/steer.js');
        const { moment } = await import('../terminal/time.js');
        const until = await withRotations(cli, credential, (client, session) =>
          extendGraceBy(session, client, { credential, actor: cli.actor, duration }),
        );
        cli.answer({ credential, sent: 'extendGrace', until }, [
          `${cli.paint.good('✔')} The old value of ${cli.paint.bold(credential)} stays usable until ${moment(until)}.`,
          `  ${cli.paint.dim('Next')}  keyturn status ${credential} --follow, or keyturn end-grace ${credential}`,
        ]);
      });
    });
}
