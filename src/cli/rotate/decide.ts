import { Argument, type Command } from 'commander';
import { type Decision, decisions } from '../../domain/rotation.js';
import type { Answer } from '../../operations/rotate/steer.js';
import { type ExitCode, exitCodes } from '../terminal/exit-codes.js';
import { type Cli, examples, perform } from '../terminal/perform.js';
import { reasonOption, withReason } from '../terminal/reason.js';
import { withRotations } from '../terminal/with-session.js';

const meanings = `
Decisions:
  retry      try the step again now
  roll-back  undo every step, newest first; possible until the old value is being retired
  skip       continue without the step: the ledger records your word instead of a proof
  abandon    stop here and leave everything as it is now

With skip, --without-proof also skips the proof that the provider saw the new value in use.
Only then may the old value be deleted although nothing shows that the engine works without it.
The ledger records it.
`;

interface Options {
  readonly question?: string;
  readonly reason?: string;
  readonly withoutProof?: true;
}

export function defineDecide(program: Command): void {
  const command: Command = program
    .command('decide <credential>')
    .addArgument(new Argument('<decision>', 'what to do').choices(decisions))
    .summary('answer a rotation that waits for you')
    .description('Answers a blocked rotation. keyturn status shows its question and the possible answers.')
    .addOption(reasonOption())
    .option(
      '--question <id>',
      'the question to answer, as keyturn status shows it (default: the one that is asked now)',
    )
    .option('--without-proof', 'with skip: continue although the provider shows no use of the new value')
    .addHelpText(
      'after',
      `${meanings}${examples('keyturn decide openai skip --reason "the nightly backup job used it, and it is switched over"')}`,
    )
    .action((credential: string, decision: Decision, { reason: given, question, withoutProof }: Options) =>
      perform(command, (cli) => {
        if (withoutProof && decision !== 'skip') command.error(`error: --without-proof does not go with ${decision}`);
        return withReason({ cli, command, given }, (asked, reason) =>
          answer(asked, {
            ...{ credential, actor: cli.actor, decision, reason },
            ...(question !== undefined && { question }),
            ...(withoutProof && { withoutProof }),
          }),
        );
      }),
    );
}

async function answer(cli: Cli, request: Answer): Promise<ExitCode> {
  const { answerRotation } = await import('../../operations/rotate/steer.js');
  const { credential, actor, decision } = request;
  const outcome = await withRotations(cli, credential, (session, client) => answerRotation(session, client, request));
  const { good, attention, bold, dim } = cli.paint;
  const taken = outcome === 'taken';
  const told = taken
    ? `${good('✔')} ${bold(decision)} is recorded for ${bold(credential)}, by ${actor}.`
    : `${attention('◌')} ${bold(decision)} was sent to ${bold(credential)}. There is no answer yet; it may still apply.`;
  const more = taken ? '' : '. If no worker is running: keyturn up, or keyturn worker';
  cli.answer({ credential, decision, outcome }, [
    told,
    `  ${dim('Next')}  keyturn status ${credential} --follow${more}`,
  ]);
  return taken ? exitCodes.done : exitCodes.unreachable;
}
