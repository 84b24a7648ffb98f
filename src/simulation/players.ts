import type { Boundary, CrashCase } from '../crash-test/cases.js';
import type { Player, StartPlayers } from '../crash-test/player.js';
import { type Simulator, startSimulators } from './pool.js';
import type { SimulatedVerdict } from './questions.js';

export interface SimulatedOptions {
  /** Decides every latency, key and id. */
  readonly seed: string;
  /** Whether to play each case twice, and to compare the two byte for byte. */
  readonly replay?: boolean;
  readonly onVerdict?: (verdict: SimulatedVerdict) => void;
}

/** Players of the crash matrix in simulated time. Each is a process on a core of its own. */
export function simulatedPlayers(options: SimulatedOptions): StartPlayers {
  return async (count, _onLine, defer) => {
    const recorded = new Map<string, Boundary[]>();
    return startSimulators(defer, count).map((simulator) => playerOf(simulator, recorded, options));
  };
}

function playerOf(
  simulator: Simulator,
  recorded: Map<string, Boundary[]>,
  { seed, replay = false, onVerdict }: SimulatedOptions,
): Player {
  async function play({ procedure, id: caseId }: CrashCase): Promise<SimulatedVerdict> {
    const boundaries = recorded.get(procedure) ?? [];
    return simulator.ask('case', { procedure, boundaries, caseId, seed, lines: replay });
  }
  return {
    async boundaries(procedure) {
      const found = await simulator.ask('boundaries', { procedure });
      recorded.set(procedure, found);
      return found;
    },
    async play(crash) {
      const first = await play(crash);
      const verdict = replay ? compared(first, await play(crash)) : first;
      onVerdict?.(verdict);
      return verdict;
    },
  };
}

/** The same seed has to bring the same events. If not, a problem says where they differ. */
function compared(first: SimulatedVerdict, second: SimulatedVerdict): SimulatedVerdict {
  if (first.hash === second.hash) return first;
  const at = (first.lines ?? []).findIndex((line, index) => line !== second.lines?.[index]);
  const parting = `the second time something else happened: "${first.lines?.[at]}", then "${second.lines?.[at]}"`;
  return { ...first, problems: [...first.problems, parting] };
}
