import { text } from 'node:stream/consumers';
import type { Command } from 'commander';
import type { Session } from '../../operations/session/session.js';
import type { Version } from '../../store/records.js';
import { UsageError } from '../../operations/session/refusals.js';
import { type ExitCode, exitCodes } from '../terminal/exit-codes.js';
import { facts } from '../terminal/layout.js';
import { type Cli, examples, perform } from '../terminal/perform.js';
import { withSession } from '../terminal/with-session.js';

export function defineIdentify(program: Command): void {
  program
    .command('identify')
    .summary('identify a leaked value')
    .description(
      'Shows which credential and version a value belongs to, by its fingerprint. Reads the value from standard input or a hidden prompt; it is never an argument, and nothing of it is kept. Exit code 1 when Keyturn does not know the value.',
    )
    .addHelpText('after', examples('keyturn identify', 'keyturn identify --json < leaked.txt'))
    .action((_options: unknown, command: Command) =>
      perform(command, (cli) => withSession(cli, (session) => find(cli, session))),
    );
}

async function find(cli: Cli, { store }: Session): Promise<ExitCode> {
  const given = await readLeaked(cli);
  const found = new Map<string, Version>();
  for (const value of spellings(given))
    for (const version of await store.identify(value)) found.set(`${version.credential}/${version.number}`, version);
  const versions = [...found.values()];
  const { good, attention, bold } = cli.paint;
  cli.answer(
    { known: versions.length > 0, versions: versions.map(documentOf) },
    versions.length > 0
      ? versions.flatMap((version) => [
          `${good('✔')} ${bold(`version ${version.number} of ${version.credential}`)}`,
          ...versionText(cli, version),
        ])
      : [`${attention('◌')} ${bold('No version that Keyturn knows has this value')}`],
  );
  return versions.length > 0 ? exitCodes.done : exitCodes.failed;
}

/** Text from a log may have extra spaces and line ends around the value. A private key rightly ends with a line end. */
function spellings(given: string): ReadonlySet<string> {
  const trimmed = given.trim();
  return new Set([given, given.replace(/\r?\n$/, ''), trimmed, `${trimmed}\n`]);
}

/** @throws UsageError that quotes nothing of what was read */
async function readLeaked(cli: Cli): Promise<string> {
  const given = process.stdin.isTTY ? await ask(cli) : await text(process.stdin);
  if (given.trim() !== '') return given;
  throw new UsageError('No value was given', {
    state: 'Nothing was looked up.',
    next: 'Give it on standard input, or type it when asked.',
  });
}

async function ask({ stream }: Cli): Promise<string> {
  const { password } = await import('@inquirer/prompts');
  return password({ message: 'The leaked value:', mask: '•' }, { output: stream });
}

function documentOf(version: Version): object {
  const { credential, number, state, compromised, provider, engine, providerId, fingerprint } = version;
  return { credential, version: number, state, compromised, provider, engine, providerId, fingerprint };
}

function versionText({ paint: { dim } }: Cli, version: Version): string[] {
  const { credential, number, state, provider, providerId, compromised } = version;
  const over = state === 'retired' || state === 'discarded';
  return facts([
    [dim('State'), compromised ? `${state}, known to be compromised` : state],
    [dim('Provider'), [provider, providerId].filter(Boolean).join(', ')],
    [
      dim('Next'),
      over ? `keyturn ledger ${credential}` : `keyturn emergency ${credential} --version ${number} --reason "…"`,
    ],
  ]);
}
