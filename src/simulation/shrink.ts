import { chaos, type ChaosCase, type ChaosVerdict } from './chaos.js';
import { kindOf } from './kind-of.js';
import { simplerAmong } from './several.js';

const mostTries = 30; // a case takes a tenth of a second, some take a few seconds

/** The simplest plan found that still fails in the same way. */
export async function shrink(what: ChaosCase, failed: ChaosVerdict): Promise<ChaosVerdict> {
  const [problem] = failed.problems;
  if (problem === undefined) return failed;
  let smallest = failed;
  for (let tries = 0, better = true; better && tries < mostTries;) {
    better = false;
    for (const plan of simplerAmong(smallest.plan)) {
      if (++tries > mostTries) break;
      const verdict = await chaos({ ...what, plan });
      if (!verdict.problems.some((each) => kindOf(each) === kindOf(problem))) continue;
      [smallest, better] = [verdict, true];
      break;
    }
  }
  return smallest;
}

/** A failure, written as a test of this project. */
export function asTest({ procedure, seed, plan, problems, struck }: ChaosVerdict): string {
  return [
    `// ${struck.join('; ')}`,
    ...problems.map((problem) => `// ${problem}`),
    `it('holds with what seed ${seed} brings', async () => {`,
    `  const plan: Plan = ${JSON.stringify(plan)};`,
    `  const verdict = await simulator.ask('chaos', { procedure: '${procedure}', seed: '${seed}', profile: 'all', plan });`,
    '',
    '  expect(verdict.problems).toEqual([]);',
    '});',
  ].join('\n');
}
