import type { Command } from 'commander';
import { counted } from '../../domain/counted.js';
import type { Replaced, Restored } from '../../operations/records/restore.js';
import { UsageError } from '../../operations/session/refusals.js';
import { facts } from '../terminal/layout.js';
import { type Cli, examples, perform } from '../terminal/perform.js';

export function defineRestore(program: Command): void {
  program
    .command('restore <folder>')
    .summary('replace the store with a backup')
    .description(
      'Checks the backup and the key ring, replaces the store with the backup, and keeps the earlier database beside it. Afterwards nothing is rotated, deleted or overwritten until keyturn reconcile ran for each credential. Stop keyturn up and keyturn worker first.',
    )
    .option('--replace', 'even when the present store is newer, after a typed confirmation')
    .addHelpText('after', examples('keyturn restore /backup/keyturn-2026-11-22'))
    .action((folder: string, { replace = false }: { readonly replace?: boolean }, command: Command) =>
      perform(command, async (cli) => {
        const { restore } = await import('../../operations/records/restore.js');
        const confirm = (replaced: Replaced): Promise<boolean> => confirmed(cli, replaced);
        tell(cli, await restore({ file: cli.config, folder, replace, confirm, actor: cli.actor }));
      }),
    );
}

async function confirmed({ stream, say, paint }: Cli, { file, lost }: Replaced): Promise<boolean> {
  if (!process.stdin.isTTY)
    throw new UsageError('--replace has to be confirmed in a terminal', {
      state: 'Nothing was changed.',
      next: 'Run it in a terminal. Or move the present database away yourself, and restore without --replace.',
    });
  const { input } = await import('@inquirer/prompts');
  say(
    `${paint.attention('!')} ${file} ${lost === null ? 'cannot be compared with the backup' : `has ${counted(lost, 'ledger entry', 'ledger entries')} that the backup does not have`}.`,
  );
  const typed = await input({ message: 'Type "replace" to put it aside:' }, { output: stream });
  return typed.trim() === 'replace';
}

function tell({ paint: { good, bold, dim, attention }, answer }: Cli, { manifest, kept }: Restored): void {
  answer({ manifest, kept }, [
    `${good('✔')} ${bold(`The backup of ${manifest.madeAt} is in place`)}`,
    '',
    ...facts([
      [dim('Earlier store'), kept],
      [dim('State'), attention('Nothing is rotated until each credential was reconciled.')],
      [dim('Next'), 'keyturn up, then keyturn reconcile <credential> for each of them'],
    ]),
  ]);
}
