// Chaos in simulated time: `npm run simulate -- --cases 1000 --json`.
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { counted } from '../domain/counted.js';
import { fixtures } from '../crash-test/fixtures/index.js';
import type { ChaosVerdict } from './chaos.js';
import { type Profile, profiles } from './plans.js';
import { measureSensitivity } from './sensitivity.js';
import { asTest } from './shrink.js';
import { type ChaosReport, simulate } from './simulate.js';

const usage = `npm run simulate -- [options]
  --cases <n>         how many (1000)
  --from <n>          number of the first one, to go on where a run left off (0)
  --seed <text>       begins every seed (a)
  --procedure <ids>   only these, separated by commas; with + between them, those beside one another
  --profile <name>    what may happen: ${Object.keys(profiles).join(', ')} (all)
  --jobs <n>          processes (as many as there are cores)
  --budget <minutes>  starts no case after this long
  --without <module>  takes out one of its safety rules at a time, and counts cases until that shows
  --rule <text>       only rules whose name contains this
  --as-found          tells a failing plan as it was, instead of the smallest one that still fails
  --log               everything that happens, for a case or a few
  --json              one line of JSON at the end`;

const text = { type: 'string' } as const;
const flag = { type: 'boolean', default: false } as const;
const options = {
  ...{ cases: { ...text, default: '1000' }, from: { ...text, default: '0' }, seed: { ...text, default: 'a' } },
  ...{ procedure: text, profile: { ...text, default: 'all' }, jobs: text, budget: text },
  ...{ without: text, rule: { ...text, default: '' } },
  ...{ 'as-found': flag, log: flag, json: flag, help: flag },
};
const { values } = parsed();

function parsed() {
  try {
    return parseArgs({ options });
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n${usage}\n`);
    process.exit(2);
  }
}

/** What a module of rules exports. */
interface TakenOut {
  readonly without: object;
  /** The procedure to measure a rule with, where OpenAI's does not show it. */
  readonly measuredWith?: Readonly<Record<string, string>>;
}

const minuteMs = 60_000;
const { seed } = values;
const [cases, jobs] = [Number(values.cases), Number(values.jobs ?? availableParallelism())];
const say = (text: string): void => void process.stdout.write(`${text}\n`);
const tell = (text: string): void => void process.stderr.write(`${text}\n`);

const mistakes = wrong();
if (values.help) say(usage);
else if (mistakes.length > 0) {
  tell(`${mistakes.join('\n')}\nNothing was played. See: npm run simulate -- --help`);
  process.exitCode = 2;
} else process.exitCode = values.without === undefined ? await playAll() : await takeOutRules(values.without);

/** What is wrong with the options, in words. */
function wrong(): string[] {
  const numbers = { cases: values.cases, from: values.from, jobs: values.jobs ?? '1', budget: values.budget ?? '1' };
  const unknown = (values.procedure?.split(/[,+]/) ?? []).filter((id) => !(id.replace(/:.*/, '') in fixtures));
  const noFile = values.without !== undefined && !existsSync(values.without);
  return [
    ...Object.entries(numbers).flatMap(([name, value]) =>
      /^\d+$/.test(value) ? [] : `--${name} ${value}: not a number`,
    ),
    ...unknown.map((id) => `--procedure: there is no ${id}. There are: ${Object.keys(fixtures).join(', ')}`),
    ...(values.profile in profiles
      ? []
      : [`--profile: there is no ${values.profile}. There are: ${Object.keys(profiles).join(', ')}`]),
    ...(noFile ? [`--without: there is no file ${values.without}`] : []),
  ];
}

async function playAll(): Promise<number> {
  const report = await simulate({
    ...{ cases, jobs, seed, from: Number(values.from), profile: values.profile as Profile },
    ...{ shrink: !values['as-found'], lines: values.log },
    ...(values.procedure !== undefined && { procedures: values.procedure.split(',') }),
    ...(values.budget !== undefined && { budgetMs: Number(values.budget) * minuteMs }),
    onVerdict: tellVerdict,
  });
  if (values.json) say(JSON.stringify(report));
  else sayReport(report);
  return report.failed === 0 ? 0 : 1;
}

async function takeOutRules(path: string): Promise<number> {
  const module = pathToFileURL(resolve(path)).href;
  const { without, measuredWith } = (await import(module)) as TakenOut;
  const rules = Object.keys(without).filter((name) => name.includes(values.rule));
  const found = await measureSensitivity({
    ...{ module, rules, cases, jobs, seed },
    procedureOf: (rule) => values.procedure ?? measuredWith?.[rule] ?? 'openai-api-key',
    onFound: ({ rule, cases: count, problems, struck }) =>
      tell([`${rule}: ${count ?? 'not found'}`, ...problems, ...struck].join('\n    ')),
  });
  if (values.json) say(JSON.stringify(found));
  else for (const { rule, cases: count } of found) say(`without ${rule}: ${count ?? `not within ${cases}`}`);
  return found.every(({ cases: count }) => count !== null) ? 0 : 1;
}

function tellVerdict(verdict: ChaosVerdict): void {
  const { problems, procedure, seed: played, outcome, lines = [] } = verdict;
  for (const line of lines) tell(line);
  if (problems.length > 0)
    tell(`✖ ${procedure} ${played} ${outcome}\n${verdict.events > 0 ? asTest(verdict) : problems.join('\n')}\n`);
}

function sayReport({ byProcedure, problems, seconds, schedules, ...all }: ChaosReport): void {
  for (const [id, each] of Object.entries(byProcedure))
    say(`${id}: ${counted(each.cases, 'case')}, ${counted(each.schedules, 'schedule')}, ${each.failed} failed`);
  for (const [kind, seeds] of Object.entries(problems))
    say(`${counted(seeds.length, 'time')}: ${kind}\n    ${seeds.slice(0, 6).join(', ')}`);
  const perMinute = Math.round((all.cases / seconds) * 60);
  say(
    `${counted(schedules, 'different schedule')} in ${counted(all.cases, 'case')}, ${perMinute} a minute; --from ${all.next} goes on`,
  );
  say(`${all.passed} passed, ${all.failed} failed`);
}
