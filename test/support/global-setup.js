import { rmSync } from 'node:fs';
import { findTemporalBinary } from '../../dist/src/temporal/binary.js';
import { folderInMemory } from './memory.js';

/** Finds, downloads or builds the Temporal server once, before the tests' own time limits count. */
export default async function globalSetup() {
  await findTemporalBinary({ report: (line) => process.stdout.write(`${line}\n`) });
  const folder = folderInMemory();
  if (folder === null) return;
  process.env.TMPDIR = folder;
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
}
