import { casesOf } from '../crash-test/cases.js';
import type { Assignment } from '../crash-test/setback.js';
import type { Without } from '../crash-test/worker-process.js';
import { chaos, type ChaosVerdict } from './chaos.js';
import { simulateBoundaries, simulateCase } from './matrix.js';
import { sizeOf } from '../crash-test/fixtures/companies.js';
import { calm, planOf, type Profile } from './plans.js';
import type { CaseQuestion, ChaosQuestion, Question, Questions, SimulatedVerdict } from './questions.js';
import { shrink } from './shrink.js';
import { among } from './several.js';
import type { Plan, PlaceCounts } from './trouble.js';

/** Answers one question at a time: there is one clock. */
export function answer({ kind, asks }: Question): Promise<Questions[keyof Questions]['answers']> {
  if (kind === 'boundaries') return simulateBoundaries(asks.procedure);
  return kind === 'case' ? playCase(asks) : playChaos(asks);
}

async function playCase({ procedure, boundaries, caseId, seed, lines }: CaseQuestion): Promise<SimulatedVerdict> {
  const crash = casesOf(procedure, boundaries).find(({ id }) => id === caseId);
  if (!crash) throw new Error(`${procedure} has no case ${caseId}`);
  const { value, sim } = await simulateCase(crash, seed, { lines });
  const told = { ...value, hash: sim.hash(), order: sim.order(), events: sim.events };
  return sim.lines ? { ...told, lines: sim.lines } : told;
}

async function playChaos({ procedure, seed, profile, lines, without, ...asked }: ChaosQuestion): Promise<ChaosVerdict> {
  const plan = asked.plan ?? (await drawPlan(procedure, seed, profile));
  const rule = without ? { without: await takenOut(without) } : {};
  const what = { procedure, seed, plan, ...rule, ...(lines && { lines }) };
  const verdict = await chaos(what);
  return asked.shrink && verdict.problems.length > 0 ? shrink(what, verdict) : verdict;
}

async function drawPlan(procedure: string, seed: string, profile: Profile): Promise<Plan> {
  const own = `${procedure}/${seed}`;
  return among(planOf(own, profile, await placesOf(procedure)), own, sizeOf(procedure));
}

const places = new Map<string, PlaceCounts>();

/** How many places a rotation without trouble passes. */
async function placesOf(procedure: string): Promise<PlaceCounts> {
  const known = places.get(procedure);
  if (known) return known;
  const { places: counted } = await chaos({ procedure, seed: 'calm', plan: calm });
  places.set(procedure, counted);
  return counted;
}

async function takenOut({ module, rule }: NonNullable<Assignment['without']>): Promise<Without> {
  const { without } = (await import(module)) as { without: Readonly<Record<string, Without>> };
  const found = without[rule];
  if (!found) throw new Error(`${module} takes out no rule called ${rule}`);
  return found;
}
