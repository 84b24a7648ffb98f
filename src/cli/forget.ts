import type { Command } from 'commander';
import type { StaysLive } from '../operations/forget.js';
import type { Session } from '../operations/session.js';
import { examples } from './examples.js';
import { facts } from './layout.js';
import { type Cli, perform } from './perform.js';

export function defineForget(program: Command): void {
  program
    .command('forget <credential>')
    .summary('let a credential go: the store forgets it, the ledger does not')
    .description(
      'Removes a credential from the store, with its versions, values, claims and schedule. It revokes nothing: what is live at the provider is shown by its id, and stays live. That has to be confirmed by typing the name, or with --yes. To end the values first: keyturn emergency. The ledger stays as it is. Refused while a rotation or an emergency is open.',
    )
    .option('--yes', 'ask nothing: what stays live may stay live')
    .addHelpText('after', examples('keyturn forget openai', 'keyturn forget openai --yes --json'))
    .action((credential: string, options: { readonly yes?: true }, command: Command) =>
      perform(command, async (cli) => {
        const { withSession } = await import('./with-rotations.js');
        await withSession(cli, (session) => letGo(cli, session, { credential, yes: options.yes ?? false }));
      }),
    );
}

interface Wanted {
  readonly credential: string;
  readonly yes: boolean;
}

async function letGo(cli: Cli, session: Session, { credential, yes }: Wanted): Promise<void> {
  const { forget, forgettingOf } = await import('../operations/forget.js');
  const { bold, dim, good } = cli.paint;
  const staysLive = await forgettingOf(session, cli.config, credential);
  cli.say(...whatStays(cli, credential, staysLive));
  if (staysLive.length > 0 && !yes) await confirmed(cli, credential);
  const { scheduleDeleted } = await forget(session, { credential, staysLive, actor: cli.actor });
  const isConfigured = Object.hasOwn(session.config.credentials, credential);
  cli.answer({ credential, staysLive, scheduleDeleted, isConfigured }, [
    `${good('✔')} ${bold(credential)} is forgotten`,
    '',
    ...facts([
      [dim('Schedule'), scheduleDeleted ? 'deleted' : null],
      [dim('Ledger'), `as it was: keyturn ledger ${credential}`],
      [
        dim('Next'),
        isConfigured
          ? `Remove ${credential} from the configuration, or adopt a value anew: keyturn adopt ${credential}`
          : null,
      ],
    ]),
  ]);
}

function whatStays({ paint: { attention, bold } }: Cli, credential: string, staysLive: readonly StaysLive[]): string[] {
  if (staysLive.length === 0) return [];
  return [
    bold(`Nothing is revoked. Of ${credential} this stays live, as far as Keyturn knows:`),
    ...staysLive.map(({ version, state, providerId, labels, inEngine }) => {
      const what = [providerId ?? 'no id known', ...labels.map((label) => `perhaps ${label}`)].join(', ');
      return `  ${attention('!')} version ${version}, ${state}: ${what}${inEngine ? '; the engine holds it' : ''}`;
    }),
    '',
  ];
}

/** Resolves when somebody has typed the name. Throws a UsageError otherwise. */
async function confirmed(cli: Cli, word: string): Promise<void> {
  const { UsageError } = await import('../operations/refusals.js');
  const state = 'Nothing was forgotten.';
  const next = `Type ${word} when asked, or give --yes. To end the values first: keyturn emergency ${word} --reason "…"`;
  if (!process.stdin.isTTY)
    throw new UsageError('Values stay live, and nobody is there to confirm it', { state, next });
  const { input } = await import('@inquirer/prompts');
  const typed = await input({ message: `Type "${word}" to forget it:` }, { output: cli.stream });
  if (typed.trim() !== word) throw new UsageError('It was not confirmed', { state, next });
}
