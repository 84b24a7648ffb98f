import type { Command } from 'commander';
import { counted } from '../../domain/counted.js';
import { headText } from '../../domain/ledger-head.js';
import { facts } from '../terminal/layout.js';
import { examples, perform } from '../terminal/perform.js';
import { withSession } from '../terminal/with-session.js';

export function defineBackup(program: Command): void {
  program
    .command('backup <folder>')
    .summary('copy the store, checked, while it is in use')
    .description(
      'Copies the store as it is now into a new folder, with a manifest, and checks the copy. The key ring is not included. Keep the two apart: the values cannot be read without the key ring, and anyone who has both can read them.',
    )
    .option('--with-ring <file>', 'copy the key ring as well, to a file outside the folder')
    .addHelpText(
      'after',
      examples(
        'keyturn backup /backup/keyturn-2026-11-22',
        'keyturn backup ./copy --with-ring /media/safe/keyring.json',
      ),
    )
    .action((folder: string, { withRing }: { readonly withRing?: string }, command: Command) =>
      perform(command, async (cli) => {
        const { backUp } = await import('../../operations/records/backup.js');
        const options = { folder, actor: cli.actor, ...(withRing !== undefined && { withRing }) };
        const manifest = await withSession(cli, (session) => backUp(session, options));
        const { good, bold, dim } = cli.paint;
        cli.answer({ folder, withRing: withRing ?? null, manifest }, [
          `${good('✔')} ${bold('The store is backed up')} and the copy opens: ${counted(manifest.ledger.entries, 'ledger entry', 'ledger entries')}, chain intact`,
          '',
          ...facts([
            [dim('Backup'), folder],
            [dim('Ledger head'), headText(manifest.ledger)],
            [
              dim('Key ring'),
              withRing ?? `not copied; the backup needs its sealing keys: ${manifest.kids.join(', ') || 'none yet'}`,
            ],
            [dim('Keep apart'), 'the backup and the key ring: anyone who has both can read every value'],
            [dim('Next'), `keyturn restore ${folder}, when it is needed`],
          ]),
        ]);
      }),
    );
}
