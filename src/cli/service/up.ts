import type { Command } from 'commander';
import type { Session } from '../../operations/session/session.js';
import type { TemporalTarget } from '../../temporal/connect.js';
import type { EmbeddedServer } from '../../temporal/embedded.js';
import { metricsOption } from './worker.js';
import { type Cli, examples, perform } from '../terminal/perform.js';
import type { WorkerOptions } from './run-workers.js';
import { withSession } from '../terminal/with-session.js';

export function defineUp(program: Command): void {
  program
    .command('up')
    .summary('run everything that rotations need on this machine')
    .description(
      'Starts a Temporal server on this machine, with its data beside the configuration, and workers, in the foreground. Ctrl-C stops them; rotations continue when it runs again. When a Temporal server is configured (TEMPORAL_ADDRESS, a profile), Keyturn uses that one and starts none.',
    )
    .option(...metricsOption)
    .addHelpText('after', examples('keyturn up'))
    .action((options: WorkerOptions, command: Command) =>
      perform(command, (cli) => withSession(cli, (session) => up(cli, session, options))),
    );
}

async function up(cli: Cli, session: Session, options: WorkerOptions): Promise<void> {
  const { configuredTarget } = await import('../../temporal/settings.js');
  const { readEnvironment } = await import('../../temporal/environment.js');
  const { runWorkers, line } = await import('./run-workers.js');
  const configured = configuredTarget(readEnvironment());
  if (configured) {
    line(cli, `Temporal server: the configured one at ${configured.address}; none is started here`);
    return runWorkers(cli, session, { ...options, target: configured });
  }
  const server = await start(cli, session);
  const { embeddedTarget } = await import('../../temporal/settings.js');
  const target: TemporalTarget = embeddedTarget(session.config.data);
  try {
    await runWorkers(cli, session, { ...options, target, ...server });
  } finally {
    await server.stop();
    line(cli, 'Temporal server: stopped');
  }
}

async function start(cli: Cli, { config }: Session): Promise<EmbeddedServer> {
  const { startEmbeddedServer } = await import('../../temporal/embedded.js');
  const { findTemporalBinary } = await import('../../temporal/binary.js');
  const { homePort } = await import('../../temporal/ports.js');
  const { line } = await import('./run-workers.js');
  const report = (text: string): void => line(cli, text);
  const binary = await findTemporalBinary({ report });
  const port = await homePort(config.data);
  const options = { dataDir: config.data, binary, report, ...(port !== undefined && { port }) };
  const server = await startEmbeddedServer(options);
  line(
    cli,
    `Temporal server: ${server.address}; to look inside: temporal --config-file ${server.clientConfig} workflow list`,
  );
  return server;
}
