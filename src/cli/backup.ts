import type { Command } from 'commander';
import { headText } from '../domain/ledger-head.js';
import { examples } from './examples.js';
import { facts } from './layout.js';
import { perform } from './perform.js';

export function defineBackup(program: Command): void {
  program
    .command('backup <folder>')
    .summary('copy the store, checked, while it is in use')
    .description(
      'Writes a copy of the store as it is at this moment into a new folder, with a manifest, and checks it. The key ring is not in it: without the ring nobody can read the values, and with both anybody can, so keep the two apart.',
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
        const { withSession } = await import('./with-rotations.js');
        const { backUp } = await import('../operations/backup.js');
        const options = { folder, actor: cli.actor, ...(withRing !== undefined && { withRing }) };
        const manifest = await withSession(cli, (session) => backUp(session, options));
        const { good, bold, dim } = cli.paint;
        cli.answer({ folder, withRing: withRing ?? null, manifest }, [
          `${good('✔')} ${bold('The store is backed up')} and the copy opens: ${manifest.ledger.entries} ledger entries, chain intact`,
          '',
          ...facts([
            [dim('Backup'), folder],
            [dim('Ledger head'), headText(manifest.ledger)],
            [
              dim('Key ring'),
              withRing ?? `not copied; it needs the sealing keys ${manifest.kids.join(', ') || 'of any time'}`,
            ],
            [dim('Keep apart'), 'the backup and the key ring: with both anybody can read every value'],
            [dim('Next'), `keyturn restore ${folder}, when it is needed`],
          ]),
        ]);
      }),
    );
}
