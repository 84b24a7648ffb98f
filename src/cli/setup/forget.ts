import type { Command } from 'commander';
import type { StaysLive } from '../../operations/setup/forget.js';
import type { Session } from '../../operations/session/session.js';
import { UsageError } from '../../operations/session/refusals.js';
import { facts } from '../terminal/layout.js';
import { type Cli, examples, perform } from '../terminal/perform.js';
import { withSession } from '../terminal/with-session.js';

export function defineForget(program: Command): void {
  program
    .command('forget <credential>')
    .summary('remove a credential from the store; the ledger keeps its history')
    .description(
      'Removes a credential from the store, with its versions, values, claims and schedule. Revokes nothing: values that are live at the provider stay live, and are shown by their ids. Confirm that by typing the name, or with --yes. To revoke the values first: keyturn emergency. The ledger does not change. Refused while a rotation or an emergency is open.',
    )
    .option('--yes', 'do not ask: live values may stay live')
    .addHelpText('after', examples('keyturn forget openai', 'keyturn forget openai --yes --json'))
    .action((credential: string, options: { readonly yes?: true }, command: Command) =>
      perform(command, (cli) => withSession(cli, (session) => runForget(cli, session, { credential, ...options }))),
    );
}

async function runForget(
  cli: Cli,
  session: Session,
  { credential, yes }: { readonly credential: string; readonly yes?: true },
): Promise<void> {
  const { forget, forgettingOf } = await import('../../operations/setup/forget.js');
  const { bold, dim, good } = cli.paint;
  const staysLive = await forgettingOf(session, cli.config, credential);
  cli.say(...staysLiveText(cli, credential, staysLive));
  if (staysLive.length > 0 && !yes) await confirmed(cli, credential);
  const { scheduleDeleted } = await forget(session, { credential, staysLive, actor: cli.actor });
  const isConfigured = Object.hasOwn(session.config.credentials, credential);
  cli.answer({ credential, staysLive, scheduleDeleted, isConfigured }, [
    `${good('✔')} ${bold(credential)} is forgotten`,
    '',
    ...facts([
      [dim('Schedule'), scheduleDeleted ? 'deleted' : null],
      [dim('Ledger'), `unchanged: keyturn ledger ${credential}`],
      [
        dim('Next'),
        isConfigured
          ? `Remove ${credential} from the configuration, or adopt a value anew: keyturn adopt ${credential}`
          : null,
      ],
    ]),
  ]);
}

function staysLiveText(
  { paint: { attention, bold } }: Cli,
  credential: string,
  staysLive: readonly StaysLive[],
): string[] {
  if (staysLive.length === 0) return [];
  return [
    bold(`Nothing is revoked. These values of ${credential} stay live, as far as Keyturn knows:`),
    ...staysLive.map(({ version, state, providerId, labels, inEngine }) => {
      const what = [providerId ?? 'no id known', ...labels.map((label) => `perhaps ${label}`)].join(', ');
      return `  ${attention('!')} version ${version}, ${state}: ${what}${inEngine ? '; the engine holds it' : ''}`;
    }),
    '',
  ];
}

/** @throws UsageError unless the name was typed */
async function confirmed(cli: Cli, word: string): Promise<void> {
  const state = 'Nothing was forgotten.';
  const next = `Type ${word} when asked, or give --yes. To revoke the values first: keyturn emergency ${word} --reason "…"`;
  if (!process.stdin.isTTY)
    throw new UsageError('Values stay live, and there is no terminal to confirm it in', { state, next });
  const { input } = await import('@inquirer/prompts');
  const typed = await input({ message: `Type "${word}" to forget it:` }, { output: cli.stream });
  if (typed.trim() !== word) throw new UsageError('It was not confirmed', { state, next });
}
