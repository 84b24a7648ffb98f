import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { findTemporalBinary } from '../../dist/src/temporal/binary.js';
import { folderInMemory } from './memory.js';

/** Finds, downloads or builds the Temporal server once, before the tests' own time limits count. */
export default async function globalSetup() {
  await findTemporalBinary({ report: (line) => process.stdout.write(`${line}\n`) });
  // Every process that a test starts, and every worker of Jest, loads code that was compiled once (test/cli/warm.ts).
  process.env.NODE_COMPILE_CACHE ??= join(process.cwd(), 'node_modules', '.cache', 'keyturn-tests');
  const folder = folderInMemory();
  if (folder === null) return;
  process.env.TMPDIR = folder;
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
}
