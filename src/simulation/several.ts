import { simpler } from './plans.js';
import { Random } from './random.js';
import type { Plan } from './trouble.js';

const apartMs = [0, 300, 1_500, 5_000, 20_000] as const; // a rotation takes some seconds up to its grace
const due = 0.3; // share of those plans where the others begin by a schedule, which has limits

/**
 * A plan for several credentials: which one each trouble is about, and when their rotations begin. One credential keeps
 * its plan.
 */
export function among(plan: Plan, seed: string, count: number): Plan {
  if (count < 2) return plan;
  const random = new Random(`${seed}/several`);
  const troubles = plan.troubles.map((trouble) => ({ ...trouble, subject: random.below(count) }));
  return { ...plan, troubles, apart: { ms: random.pick(apartMs), due: random.chance(due) } };
}

/** Plans that are simpler than this one, the simplest first. */
export function* simplerAmong(plan: Plan): Generator<Plan> {
  yield* simpler(plan);
  const { apart, ...together } = plan;
  if (apart) yield together;
}
