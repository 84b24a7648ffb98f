import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { median } from './median.js';

export interface HelpFigures {
  /** Median time of `keyturn --help` over that of a Node that does nothing. */
  readonly helpOverNode: number;
  readonly helpMs: number;
  readonly nodeMs: number;
}

const rounds = 21;

/** Both by turns, as whole processes. */
export function measureHelp(): HelpFigures {
  const keyturn = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));
  const helps: number[] = [];
  const nodes: number[] = [];
  for (let round = -2; round < rounds; round++) {
    const [help, node] = [run([keyturn, '--help']), run(['-e', '0'])];
    if (round < 0) continue;
    helps.push(help);
    nodes.push(node);
  }
  const [helpMs, nodeMs] = [median(helps), median(nodes)];
  return { helpOverNode: helpMs / nodeMs, helpMs, nodeMs };
}

function run(args: readonly string[]): number {
  const begun = performance.now();
  const { status } = spawnSync(process.execPath, args, { stdio: 'ignore' });
  if (status !== 0) throw new Error(`node ${args.join(' ')} ended with ${status}`);
  return performance.now() - begun;
}
