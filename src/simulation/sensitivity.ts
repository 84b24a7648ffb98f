import { withCleanup } from '../lab/with-cleanup.js';
import type { ChaosQuestion } from './questions.js';
import { type Simulator, startSimulators } from './pool.js';

export interface SensitivityOptions {
  /** URL of a module that exports `without`: how to build a worker with one safety rule taken out. */
  readonly module: string;
  readonly rules: readonly string[];
  /** Maximum number of cases for each rule. */
  readonly cases: number;
  readonly seed: string;
  readonly procedureOf: (rule: string) => string;
  readonly jobs: number;
  readonly onFound: (found: Sensitivity) => void;
}

/** How soon a missing rule shows. */
export interface Sensitivity {
  readonly rule: string;
  readonly procedure: string;
  /** Number of the case in which it showed, from 1; null when it did not show. */
  readonly cases: number | null;
  /** What went wrong, and after what. */
  readonly problems: readonly string[];
  readonly struck: readonly string[];
}

/** Takes out one rule at a time, and counts cases until one fails that passes with the rule. */
export async function measureSensitivity(options: SensitivityOptions): Promise<Sensitivity[]> {
  return withCleanup(async (defer) => {
    const queue = [...options.rules];
    const found: Sensitivity[] = [];
    async function work(simulator: Simulator): Promise<void> {
      for (let rule = queue.shift(); rule !== undefined; rule = queue.shift()) {
        const sensitivity = await find(simulator, rule, options);
        found.push(sensitivity);
        options.onFound(sensitivity);
      }
    }
    await Promise.all(startSimulators(defer, options.jobs).map(work));
    return found;
  });
}

async function find(
  simulator: Simulator,
  rule: string,
  { module, cases, seed, procedureOf }: SensitivityOptions,
): Promise<Sensitivity> {
  const procedure = procedureOf(rule);
  for (let number = 0; number < cases; number++) {
    const asked: ChaosQuestion = { procedure, seed: `${seed}-${number}`, profile: 'all' };
    const { problems, struck } = await simulator.ask('chaos', { ...asked, without: { module, rule } });
    if (problems.length === 0) continue;
    const held = await simulator.ask('chaos', asked);
    if (held.problems.length === 0) return { rule, procedure, cases: number + 1, problems, struck };
  }
  return { rule, procedure, cases: null, problems: [], struck: [] };
}
