import type { Command } from 'commander';
import type { Session } from '../../operations/session/session.js';
import type { Verified } from '../../operations/reconcile/verify.js';
import { UsageError } from '../../operations/session/refusals.js';
import { type ExitCode, exitCodes } from '../terminal/exit-codes.js';
import { type Cli, examples, perform } from '../terminal/perform.js';
import { watched } from '../terminal/silence.js';
import { withSession } from '../terminal/with-session.js';

interface Options {
  readonly document?: boolean;
  readonly keep?: boolean;
}

export function defineVerify(program: Command): void {
  program
    .command('verify [credential]')
    .summary('see whether each value is still in force')
    .description(
      'Verifies that every value, or one, is still in force: Keyturn made the newest change of its settings, the provider accepts it, and it is seen in use. A verification costs nothing and leaves nothing; keyturn up and keyturn worker do it every hour (verification in the configuration). When the engine may have lost a value, Keyturn writes one of its settings again, so that the engine reloads. Works without a Temporal server. Exit code 1 when something speaks against a value, or it could not be verified.',
    )
    .option('--document', 'hand in a test document as well: it goes to every destination of the engine')
    .option(
      '--keep',
      'with --document: leave the document in the engine, for keptDocument in the configuration; each verification uploads it again, where the destination overwrites it (S3)',
    )
    .addHelpText('after', examples('keyturn verify', 'keyturn verify s3 --document', 'keyturn verify --json'))
    .action((credential: string | undefined, options: Options, command: Command) =>
      perform(command, (cli) => withSession(cli, (session) => runVerify(cli, session, { credential, ...options }))),
    );
}

async function runVerify(
  cli: Cli,
  session: Session,
  { credential, document = false, keep = false }: Options & { readonly credential: string | undefined },
): Promise<ExitCode> {
  const { knownCredential } = await import('../../operations/session/reach.js');
  const { verify } = await import('../../operations/reconcile/verify.js');
  const { verifiedText } = await import('./verify-text.js');
  const names = credential === undefined ? Object.keys(session.config.credentials) : [credential];
  for (const name of names) knownCredential(session.config, name);
  await refuse({ credential, document, keep });
  const found: Verified[] = [];
  for (const name of names) {
    const verifying = { session, credential: name, actor: cli.actor, document, keep };
    found.push(await watched(cli, (watcher) => verify({ ...verifying, ...watcher }), name));
  }
  cli.answer({ credentials: found }, ['', ...found.flatMap((one) => verifiedText(one, cli.paint, Date.now()))]);
  return found.every(isSound) ? exitCodes.done : exitCodes.failed;
}

async function refuse({ credential, document, keep }: Options & { readonly credential: string | undefined }) {
  if (document && credential === undefined)
    throw new UsageError('A test document is for one credential', {
      state: 'Nothing was changed.',
      next: 'Name it: keyturn verify <credential> --document',
    });
  if (keep && !document)
    throw new UsageError('There is no test document to keep', {
      state: 'Nothing was changed.',
      next: 'Hand one in: keyturn verify <credential> --document --keep',
    });
}

function isSound({ known, skipped, document }: Verified): boolean {
  if (skipped !== null || document?.outcome === 'failed') return false;
  return known?.state === 'verified' || known?.state === 'not-observable';
}
