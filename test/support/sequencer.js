import TestSequencer from '@jest/test-sequencer';

/** Folders whose files start processes or a Temporal server. A long file that begins last leaves a core idle. */
const long = [
  ...['contracts', 'cli', 'workflows', 'simulation', 'operations', 'temporal', 'histories', 'schedules', 'store'],
];

/** Begins with what takes long, also where no earlier run has measured it. */
export default class extends TestSequencer {
  sort(tests) {
    return super.sort(tests).sort((a, b) => rankOf(a) - rankOf(b));
  }
}

function rankOf({ path, duration }) {
  if (duration !== undefined) return 0; // measured: in the order of the measured times
  const rank = long.indexOf(/\/test\/([^/]+)\//.exec(path)?.[1] ?? '');
  return rank < 0 ? long.length : rank;
}
