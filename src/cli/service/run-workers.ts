import type { Client } from '@temporalio/client';
import { happenings } from '../../operations/session/happenings.js';
import { openLog } from '../../operations/service/log.js';
import { findOrphanedRotations } from '../../operations/session/orphaned-rotations.js';
import { serve, type Serving } from '../../operations/service/serve.js';
import type { Session } from '../../operations/session/session.js';
import { UserError } from '../../domain/user-error.js';
import { connectClient, type TemporalTarget } from '../../temporal/connect.js';
import { exitCodes } from '../terminal/exit-codes.js';
import { happening } from './happening-text.js';
import type { Cli } from '../terminal/perform.js';
import { waitingText } from '../rotate/steps-text.js';
import { tellWaits, type Wait, type Waits } from './waits.js';

interface WorkerPlace {
  readonly target: TemporalTarget;
  /** Resolves when the server has ended; its workers end with it. Left out for a server that runs elsewhere. */
  readonly ended?: Promise<void>;
  /** For `temporal --config-file`, to look at rotations. */
  readonly clientConfig?: string;
  /** Where metrics are served, `host:port`. */
  readonly metrics?: string;
}

/** Option of the commands that run workers. */
export interface WorkerOptions {
  readonly metrics?: string;
}

/** Prints a line with the time. */
export function line({ say, paint }: Pick<Cli, 'say' | 'paint'>, text: string): void {
  say(`${paint.dim(new Date().toLocaleTimeString('sv-SE'))}  ${text}`);
}

/** Runs workers in the foreground until Ctrl-C, and prints what happens. */
export async function runWorkers(cli: Cli, session: Session, place: WorkerPlace): Promise<void> {
  const { target } = place;
  const { logger, file } = openLog(session.config.data);
  const { metrics } = place;
  const serving = await serve(session, target, { logger, ...(metrics !== undefined && { metrics }) });
  logger.info({ address: target.address, namespace: target.namespace }, 'workers started');
  line(cli, `Workers: ready; their log is ${file}`);
  if (metrics !== undefined) line(cli, `Metrics: http://${metrics}/metrics`);
  const client = await connectClient(target);
  await tellOrphans(cli, session, client);
  const over = new AbortController();
  const waits = tellWaits(session, client, (waiting) => line(cli, waitLine(waiting, cli)));
  for (const credential of await inRotation(session)) waits.checkSoon(credential);
  const telling = tellHappenings(cli, session, { signal: over.signal, waits });
  const stop = stopRequested(cli);
  line(cli, cli.paint.bold('Ready. Ctrl-C stops'));
  const { address, namespace } = target;
  cli.answer({ state: 'ready', address, namespace, temporalConfig: place.clientConfig ?? null, log: file }, []);
  try {
    await Promise.race([stop, dead(serving, place)]);
    await serving.stop();
  } finally {
    over.abort();
    waits.stop();
    await telling;
    await client.connection.close();
    logger.info('workers stopped');
  }
  line(cli, 'Workers: stopped');
}

async function tellOrphans(cli: Cli, session: Session, client: Client): Promise<void> {
  for (const { rotation, temporal } of await findOrphanedRotations(session, client))
    line(
      cli,
      `${cli.paint.attention('◷')} ${rotation.credential}: its rotation is an orphan: ${temporal}. Run keyturn reconcile ${rotation.credential}`,
    );
}

/** Credentials in rotation; their waits may have begun before this process. */
async function inRotation({ config, store }: Session): Promise<string[]> {
  const names: string[] = [];
  for (const name of Object.keys(config.credentials))
    if ((await store.rotations(name)).some(({ closedAt }) => closedAt === null)) names.push(name);
  return names;
}

function waitLine(wait: Wait, { paint }: Pick<Cli, 'paint'>): string {
  const { credential, waiting } = wait;
  const subject = `${paint.attention('◷')} ${paint.bold(credential)}`;
  if (waiting.for !== 'operator') return `${subject}  ${waitingText(wait, Date.now())}`;
  return `${subject}  waits for a person: ${waiting.why}. keyturn status ${credential}`;
}

/** Resolves at the first Ctrl-C or SIGTERM; the second ends the process at once. */
function stopRequested(cli: Cli): Promise<void> {
  return new Promise((resolve) => {
    let asked = false;
    const stop = (): void => {
      if (asked) process.exit(exitCodes.interrupted);
      asked = true;
      line(cli, 'Stopping: steps in progress get up to 15 seconds to end. Ctrl-C again stops at once');
      resolve();
    };
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, stop);
  });
}

async function dead({ finished }: Serving, { ended }: WorkerPlace): Promise<never> {
  await Promise.race([finished, ...(ended ? [ended] : [])]);
  throw new UserError('The Temporal server or the workers stopped unexpectedly', {
    state: 'Rotations pause where they are; nothing is lost.',
    next: 'Start them again with keyturn up. The logs, keyturn.log and temporal.log, are in the data folder.',
  });
}

/** Prints the ledger's new entries. Tries again when the ledger cannot be read for a moment. */
async function tellHappenings(
  cli: Cli,
  { store }: Session,
  { signal, waits }: { readonly signal: AbortSignal; readonly waits: Waits },
): Promise<void> {
  while (!signal.aborted) {
    try {
      for await (const entry of happenings(store, signal)) {
        if (entry.event !== 'started') line(cli, happening(entry, cli));
        if (entry.credential !== undefined) waits.checkSoon(entry.credential);
      }
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
  }
}
