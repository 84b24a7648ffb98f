import { casesOf } from '../prove/cases.js';
import { simulateBoundaries, simulateCase } from './matrix.js';
import type { CaseQuestion, Question, Questions, SimulatedVerdict } from './questions.js';

/** Answers one question after the other: there is one clock. */
export function answer({ kind, asks }: Question): Promise<Questions[keyof Questions]['answers']> {
  return kind === 'boundaries' ? simulateBoundaries(asks.procedure) : playCase(asks);
}

async function playCase({ procedure, boundaries, caseId, seed, lines }: CaseQuestion): Promise<SimulatedVerdict> {
  const crash = casesOf(procedure, boundaries).find(({ id }) => id === caseId);
  if (!crash) throw new Error(`${procedure} has no case ${caseId}`);
  const { value, sim } = await simulateCase(crash, seed, { lines });
  const told = { ...value, hash: sim.hash(), order: sim.order(), events: sim.events };
  return sim.lines ? { ...told, lines: sim.lines } : told;
}
