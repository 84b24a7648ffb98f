import { findTemporalBinary } from '../../dist/src/temporal/binary.js';

/** Finds, downloads or builds the Temporal server once, before the tests' own time limits count. */
export default async function globalSetup() {
  await findTemporalBinary({ report: (line) => process.stdout.write(`${line}\n`) });
}
