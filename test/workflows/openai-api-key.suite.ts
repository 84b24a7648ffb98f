import type { WorkflowHandle } from '@temporalio/client';
import type { Progress } from '../../src/domain/rotation.js';
import { fastClock } from '../../src/lab/clock.js';
import type { DocuElevateLab } from '../../src/lab/docuelevate/server.js';
import type { OpenAiLab } from '../../src/lab/openai/server.js';
import type { Scenario } from '../../src/lab/scenario.js';
import { startOpenAiApiKey } from '../../src/lab/scenarios/openai-api-key.js';
import { progress } from '../../workflows/rotation/messages.js';
import { rehearse, type TestRehearsal } from '../support/rehearsal.js';
import { until } from '../support/temporal.js';
import { decided } from '../support/decided.js';

let scenario: Scenario;
let rehearsal: TestRehearsal;
let openai: OpenAiLab;
let docuelevate: DocuElevateLab;

beforeAll(async () => {
  scenario = await startOpenAiApiKey({ clock: fastClock(1000) });
  openai = scenario.systems['openai'] as OpenAiLab;
  docuelevate = scenario.systems['docuelevate'] as DocuElevateLab;
  rehearsal = await rehearse(scenario);
  expect(await rehearsal.report(await rehearsal.begin())).toMatchObject({ outcome: 'retired' }); // so that nothing is merely adopted any more
});
afterAll(() => rehearsal.stop());
afterEach(() => {
  openai.faults.clear();
  docuelevate.faults.clear();
});

const look = (handle: WorkflowHandle): Promise<Progress> => handle.query(progress);

async function whyItWaits(handle: WorkflowHandle): Promise<string> {
  return until(async () => {
    const { waiting } = await look(handle);
    return waiting?.for === 'operator' && waiting.why;
  });
}

it('rolls back with the old key in force and the new one gone when the test document fails', async () => {
  const [before] = scenario.working();
  openai.faults.add({ method: 'POST', path: '/v1/chat/completions', kind: { status: 500 } });

  const report = await rehearsal.report(await rehearsal.begin());

  expect(report).toMatchObject({ outcome: 'rolled-back', orphans: [] });
  expect(report.why).toContain('A test document is processed with it: extract_metadata_with_gpt: failure');
  expect(scenario.working()).toEqual([before]);
  expect(scenario.engineHolds()).toBe(before);
});

it("never touches a stranger's keys, nor what looks like ours by half", async () => {
  const installation = rehearsal.session.store.installation.slice(0, 8);
  const stranger = openai.createServiceAccount('somebody else');
  const lookalike = openai.createServiceAccount(`keyturn-${installation}-openai-v99-000000000000`);
  const person = openai.createUserKey('by hand');

  expect(await rehearsal.report(await rehearsal.begin())).toMatchObject({ outcome: 'retired' });

  const alive = [...stranger.keys, ...lookalike.keys, person].map(({ value }) => value);
  expect(scenario.working()).toEqual(expect.arrayContaining(alive));
  for (const { id } of [...stranger.keys, ...lookalike.keys, person]) openai.killKey(id);
});

it('asks instead of overwriting what a person changed since the last rotation', async () => {
  const byHand = openai.createUserKey('by hand');
  docuelevate.editSetting('openai_api_key', byHand.value, 'grace');
  const handle = await rehearsal.begin({ giveUpAfterMs: 60_000 });

  const why = await whyItWaits(handle);

  expect(why).toContain('grace');
  await decided(rehearsal.session.store, handle, { actor: 'test', decision: 'abandon', reason: 'she knows better' });
  expect(await rehearsal.report(handle)).toMatchObject({ outcome: 'abandoned' });
  expect(scenario.engineHolds()).toBe(byHand.value);
  openai.killKey(byHand.id);
});

it('goes on when a person says that their change may be replaced, and retires the version before it', async () => {
  const handle = await rehearsal.begin({ giveUpAfterMs: 60_000 });
  await whyItWaits(handle);

  await decided(rehearsal.session.store, handle, { actor: 'test', decision: 'skip', reason: 'it was a try' });

  expect(await rehearsal.report(handle)).toMatchObject({ outcome: 'retired' });
  expect(scenario.working()).toEqual([scenario.engineHolds()]);
});

it('recovers a key whose creation was answered by a cut connection, and leaves one', async () => {
  const path = '/v1/organization/projects/{project}/service_accounts/{account}/api_keys';
  openai.faults.add({ method: 'POST', path, kind: 'reset-after' });

  expect(await rehearsal.report(await rehearsal.begin())).toMatchObject({ outcome: 'retired', orphans: [] });

  expect(scenario.working()).toEqual([scenario.engineHolds()]);
});

it('shows the title of each step in Temporal', async () => {
  const handle = await rehearsal.begin();
  await rehearsal.report(handle);
  const { events } = await rehearsal.client.workflow.getHandle(handle.workflowId).fetchHistory();

  const summaries = (events ?? [])
    .filter(({ activityTaskScheduledEventAttributes }) => activityTaskScheduledEventAttributes)
    .map(({ userMetadata }) => JSON.parse(Buffer.from(userMetadata?.summary?.data ?? '').toString()) as string);

  expect(summaries).toEqual([...(await look(handle)).steps.map(({ title }) => title), 'Close the rotation']);
});
