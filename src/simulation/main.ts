// Chaos in simulated time: `npm run simulate -- --cases 1000 --json`.
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import type { ChaosVerdict } from './chaos.js';
import { type Profile, profiles } from './plans.js';
import { asTest } from './shrink.js';
import { simulate } from './simulate.js';

const usage = `npm run simulate -- [options]
  --cases <n>         how many (1000)
  --from <n>          number of the first one, to go on where a run left off (0)
  --seed <text>       begins every seed (a)
  --procedure <ids>   only these, separated by commas
  --profile <name>    what may happen: ${Object.keys(profiles).join(', ')} (all)
  --jobs <n>          processes (as many as there are cores)
  --as-found          tells a failing plan as it was, instead of the smallest one that still fails
  --log               everything that happens, for a case or a few
  --json              one line of JSON at the end`;

const { values } = parseArgs({
  options: {
    ...{ cases: { type: 'string', default: '1000' }, from: { type: 'string', default: '0' } },
    ...{ seed: { type: 'string', default: 'a' }, procedure: { type: 'string' }, jobs: { type: 'string' } },
    ...{ profile: { type: 'string', default: 'all' }, 'as-found': { type: 'boolean', default: false } },
    ...{ log: { type: 'boolean', default: false } },
    ...{ json: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
  },
});
if (values.help || !(values.profile in profiles)) {
  process.stdout.write(`${usage}\n`);
  process.exit(values.help ? 0 : 2);
}

const report = await simulate({
  ...{ cases: Number(values.cases), from: Number(values.from), seed: values.seed, shrink: !values['as-found'] },
  lines: values.log,
  ...(values.procedure !== undefined && { procedures: values.procedure.split(',') }),
  ...{ profile: values.profile as Profile, jobs: Number(values.jobs ?? availableParallelism()) },
  onVerdict: (verdict) => tell(verdict),
});
const { byProcedure, problems, cases, passed, failed, schedules, seconds } = report;
if (values.json) process.stdout.write(`${JSON.stringify(report)}\n`);
else {
  for (const [id, each] of Object.entries(byProcedure))
    process.stdout.write(`${id}: ${each.cases} cases, ${each.schedules} schedules, ${each.failed} failed\n`);
  for (const [kind, seeds] of Object.entries(problems))
    process.stdout.write(`${seeds.length} times: ${kind}\n    ${seeds.slice(0, 6).join(', ')}\n`);
  const perMinute = Math.round((cases / seconds) * 60);
  process.stdout.write(`${schedules} different schedules in ${cases} cases, ${perMinute} a minute\n`);
  process.stdout.write(`${passed} passed, ${failed} failed\n`);
}
process.exitCode = failed === 0 ? 0 : 1;

function tell(verdict: ChaosVerdict): void {
  const { problems: found, procedure, seed, outcome, lines = [] } = verdict;
  for (const line of lines) process.stderr.write(`${line}\n`);
  if (found.length > 0) process.stderr.write(`✖ ${procedure} ${seed} ${outcome}\n${asTest(verdict)}\n\n`);
}
