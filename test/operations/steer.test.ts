import type { Client } from '@temporalio/client';
import { containmentId, rotationId } from '../../src/domain/temporal-names.js';
import { answerRotation } from '../../src/operations/rotate/steer.js';
import { type Bench, claims, openai, request, startBench } from '../store/fixtures.js';

let bench: Bench;
beforeEach(async () => {
  bench = await startBench();
});
afterEach(() => bench.close());

/** To which workflow a decision goes. */
async function addressee(): Promise<string> {
  const sent: string[] = [];
  const getHandle = (workflowId: string) => ({ workflowId, executeUpdate: async () => void sent.push(workflowId) });
  const client = { workflow: { getHandle }, withDeadline: (_: number, work: () => unknown) => work() };
  const answer = { credential: 'openai', decision: 'retry', actor: 'ada', reason: 'a test', question: 'q' } as const;
  expect(await answerRotation(bench, client as unknown as Client, answer)).toBe('taken');
  return sent.join();
}

it.each([
  ['the rotation while none is open', null, rotationId],
  ['the rotation that is open', rotationId, rotationId],
  ['the containment that holds it', containmentId, containmentId],
  ['the rotation beside repairs, which nobody can answer', () => 'reconcile/openai', rotationId],
])('sends a decision to %s', async (_, holder, expected) => {
  const { installation } = bench.store;
  const workflowId = holder?.(installation, 'openai');
  if (workflowId) await bench.store.open(openai, claims, request, { workflowId, runId: 'run-1' });

  expect(await addressee()).toBe(expected(installation, 'openai'));
});
