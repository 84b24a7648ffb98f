// A program that starts an embedded server and then waits for whatever the test does to it.
import { startEmbeddedServer } from '../../src/temporal/embedded.js';

const [dataDir, executable, then] = process.argv.slice(2);
if (dataDir === undefined || executable === undefined)
  throw new Error('usage: parent.ts <data directory> <temporal-server>');

const binary = { path: executable, serverVersion: '1.31.2', source: 'cache' as const };
const server = await startEmbeddedServer({ dataDir, binary, report: () => undefined });
process.stdout.write(`${server.pid}\n`);
if (then !== 'end') setInterval(() => undefined, 60_000);
