import type { Command } from 'commander';
import { durationMs, readDuration } from '../../domain/duration.js';
import { type Cli, examples, perform } from '../terminal/perform.js';
import { moment } from '../terminal/time.js';
import { withRotations } from '../terminal/with-session.js';

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
        const until = await move(cli, credential, null);
        cli.answer({ credential, sent: 'endGrace', until }, [
          `${cli.paint.good('✔')} The grace of ${cli.paint.bold(credential)} has ended. Keyturn takes a fresh proof, then retires the old value.`,
          `  ${cli.paint.dim('Next')}  keyturn status ${credential} --follow`,
        ]);
      }),
    );
}

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
        const until = await move(cli, credential, durationMs(duration));
        cli.answer({ credential, sent: 'extendGrace', until }, [
          `${cli.paint.good('✔')} The old value of ${cli.paint.bold(credential)} stays usable until ${moment(until)}.`,
          `  ${cli.paint.dim('Next')}  keyturn status ${credential} --follow, or keyturn end-grace ${credential}`,
        ]);
      });
    });
}

async function move(cli: Cli, credential: string, byMs: number | null): Promise<number> {
  const { moveGrace } = await import('../../operations/rotate/steer.js');
  return withRotations(cli, credential, (session, client) =>
    moveGrace(session, client, { credential, actor: cli.actor, byMs }),
  );
}
