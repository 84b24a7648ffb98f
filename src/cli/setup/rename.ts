import type { Command } from 'commander';
import type { Renaming } from '../../store/records.js';
import { facts } from '../terminal/layout.js';
import { type Cli, examples, perform } from '../terminal/perform.js';
import { withSession } from '../terminal/with-session.js';

export function defineRename(program: Command): void {
  program
    .command('rename <old> <new>')
    .summary('give a credential another name')
    .description(
      `Renames a credential in the store. Its versions, values, evidence, claims, schedule and notices follow, and Keyturn still recognizes what it made at the provider under the old name. First write the new name into the configuration yourself; while the old one is still there, the command shows its line. The ledger keeps the old name and records the change. Refused while a rotation or an emergency is open.`,
    )
    .addHelpText('after', examples('keyturn rename openai llm', 'keyturn rename openai llm --json'))
    .action((...args: unknown[]) => {
      const [credential, to, , command] = args as [string, string, unknown, Command];
      return perform(command, (cli) => renameIn(cli, { credential, to }));
    });
}

async function renameIn(cli: Cli, { credential, to }: Omit<Renaming, 'actor'>): Promise<void> {
  const { rename } = await import('../../operations/setup/rename.js');
  const { actor, config } = cli;
  const renamed = await withSession(cli, (session) => rename(session, config, { credential, to, actor }));
  const { good, bold, dim } = cli.paint;
  cli.answer(renamed, [
    `${good('✔')} ${bold(credential)} is now called ${bold(to)}`,
    '',
    ...facts([
      [dim('Versions'), String(renamed.versions)],
      [dim('Schedule'), renamed.schedule],
      [dim('Next'), `Restart keyturn up and keyturn worker: they still use the old name. Then: keyturn status ${to}`],
    ]),
  ]);
}
