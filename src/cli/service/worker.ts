import type { Command } from 'commander';
import { examples, perform } from '../terminal/perform.js';
import type { WorkerOptions } from './run-workers.js';
import { withSession } from '../terminal/with-session.js';

/** The option of the commands that run workers. */
export const metricsOption = [
  '--metrics <host:port>',
  'serve metrics for Prometheus here, for instance 127.0.0.1:9464; keyturn_needs_operator is 1 while a rotation waits for a person',
] as const;

export function defineWorker(program: Command): void {
  program
    .command('worker')
    .summary('run workers for a Temporal server that runs elsewhere')
    .description(
      'Runs workers only, in the foreground, against the configured Temporal server or the one that keyturn up runs on the same data. Waits up to 30 seconds for it. Ctrl-C stops them; rotations continue with the next worker.',
    )
    .option(...metricsOption)
    .addHelpText('after', examples('TEMPORAL_ADDRESS=temporal.example.com:7233 keyturn worker'))
    .action((options: WorkerOptions, command: Command) =>
      perform(command, async (cli) => {
        const { waitForTemporal, embeddedServerGone } = await import('../../operations/session/reach.js');
        const { runWorkers, line } = await import('./run-workers.js');
        await withSession(cli, async (session) => {
          const target = await waitForTemporal(session.config);
          line(cli, `Temporal server: ${target.address}, namespace ${target.namespace}`);
          await runWorkers(cli, session, {
            ...options,
            target,
            ...(target.embedded && { ended: embeddedServerGone(session.config, target) }),
          });
        });
      }),
    );
}
