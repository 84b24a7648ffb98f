import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createPlayground, type Playground } from '../../src/lab/playground.js';
import { type Scenario } from '../../src/lab/scenario.js';
import { fastClock } from '../../src/lab/clock.js';
import { startOpenAiApiKey } from '../../src/lab/scenarios/openai-api-key.js';
import { applySchedules } from '../../src/operations/schedules/schedules.js';
import { openSession, type Session } from '../../src/operations/session/session.js';
import { findTemporalBinary, type TemporalBinary } from '../../src/temporal/binary.js';
import { connectClient } from '../../src/temporal/connect.js';
import { embeddedTarget } from '../../src/temporal/settings.js';
import { startEmbeddedServer } from '../../src/temporal/embedded.js';
import { ensureSearchAttributes } from '../../src/temporal/search-attributes.js';
import { adopted, claims, openai, randomValue } from '../store/fixtures.js';
import { until } from '../support/temporal.js';

const report = () => undefined;
const dataDir = mkdtempSync(join(tmpdir(), 'keyturn-missed-'));
let binary: TemporalBinary;
let scenario: Scenario;
let playground: Playground;
let session: Session;

beforeAll(async () => {
  binary = await findTemporalBinary({ report });
  const stack = await startOpenAiApiKey({ clock: fastClock(1000) });
  const schedule = { every: '2 seconds', reason: 'the test is in a hurry' };
  const credentials = { openai: { ...stack.config.credentials['openai'], schedule } };
  scenario = { ...stack, config: { ...stack.config, credentials } };
  playground = await createPlayground(scenario, { grace: '0 seconds' });
  session = await openSession({ file: playground.file, create: true });
  await session.store.adopt(adopted({ key: randomValue() }, { credential: openai, claims }));
});
afterAll(async () => {
  await session.close();
  await Promise.all([playground.remove(), scenario.stop()]);
  rmSync(dataDir, { recursive: true });
});

async function up() {
  const server = await startEmbeddedServer({ dataDir, binary, report });
  const client = await connectClient(embeddedTarget(dataDir));
  const stop = async (): Promise<void> => {
    await client.connection.close();
    await server.stop();
  };
  return { client, stop };
}

it('catches up once with what fell due several times while the server was stopped', async () => {
  const before = await up();
  await ensureSearchAttributes(before.client.connection, 'default');
  const [applied] = await applySchedules(session, before.client, 'ada');
  const scheduled = before.client.schedule.getHandle(`keyturn/${session.store.installation}/openai`);
  await until(async () => (await scheduled.describe()).info.nextActionTimes.length > 0); // Temporal has taken it in
  await before.stop();
  const thirdTime = (applied?.schedule?.dueAt ?? 0) + 4000;
  await until(async () => Date.now() > thirdTime);

  const after = await up();
  const startedAt = Date.now();
  const [workflow] = await until(async () => {
    const found = [];
    for await (const one of after.client.workflow.list({ query: `WorkflowType = 'scheduledRotation'` }))
      found.push(one);
    return found.length > 0 && found;
  });

  const { info } = await after.client.schedule.getHandle(`keyturn/${session.store.installation}/openai`).describe();
  await after.stop();
  // It was due before the start; the other times it was missed are passed over while this one waits for its window and its turn.
  const [took] = info.recentActions;
  expect(took?.scheduledAt.getTime()).toBeLessThan(startedAt);
  expect(info.recentActions).toHaveLength(1);
  expect(workflow?.status.name).toBe('RUNNING');
  expect(info.numActionsSkippedOverlap).toBeGreaterThanOrEqual(2);
});
