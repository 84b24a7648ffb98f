import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { facts } from './terminal/layout.js';
import { examples, perform } from './terminal/perform.js';

export function defineVersion(program: Command): void {
  program
    .command('version')
    .summary('show which version this is, and what it runs on')
    .description('Shows the version of Keyturn and of Node.js, and the Temporal server that keyturn up would start.')
    .addHelpText('after', examples('keyturn version', 'keyturn version --json'))
    .action((_options: unknown, command: Command) =>
      perform(command, async ({ answer, paint: { bold, dim } }) => {
        const temporal = await temporalServer();
        answer({ keyturn: version(), node: process.versions.node, temporal }, [
          bold(`keyturn ${version()}`),
          ...facts([
            [dim('Node.js'), process.versions.node],
            [dim('Temporal'), temporal ?? 'none yet; keyturn up downloads or builds one, once'],
          ]),
        ]);
      }),
    );
}

/** Keyturn's version, from its package.json. */
export function version(): string {
  const text = readFileSync(new URL('../../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

/** Null when there is none yet that can be used. */
async function temporalServer(): Promise<string | null> {
  const { locateTemporal } = await import('../operations/setup/locate-temporal.js');
  const { readEnvironment } = await import('../temporal/environment.js');
  return locateTemporal(readEnvironment()).catch(() => null);
}
