import { rotationId, scheduleId } from '../../src/domain/temporal-names.js';
import { fastClock } from '../../src/lab/clock.js';
import type { OpenAiLab } from '../../src/lab/openai/server.js';
import type { Scenario } from '../../src/lab/scenario.js';
import { startOpenAiApiKey } from '../../src/lab/scenarios/openai-api-key.js';
import {
  applySchedules,
  describe as describeSchedule,
  planSchedules,
} from '../../src/operations/schedules/schedules.js';
import { brokenChannels, statusOf } from '../../src/operations/rotate/status.js';
import { keepSchedules, tell } from '../../src/operations/service/watch.js';
import { webhookChannel } from '../../src/notifications/webhook.js';
import { composeChannels } from '../../workers/compose.js';
import { emergencyRevoke } from '../../workflows/rotation/messages.js';
import { randomValue } from '../store/fixtures.js';
import { startReceiver, type TestReceiver } from '../support/receiver.js';
import { rehearse, type TestRehearsal } from '../support/rehearsal.js';
import { until } from '../support/temporal.js';
import { decided } from '../support/decided.js';

let scenario: Scenario;
let rehearsal: TestRehearsal;
let receiver: TestReceiver;

beforeAll(async () => {
  receiver = await startReceiver();
  scenario = await startOpenAiApiKey({ clock: fastClock(1000) });
  rehearsal = await rehearse(scenario);
});
afterAll(() => Promise.all([rehearsal.stop(), receiver.stop()]));

const secret = randomValue();
const watching = () => {
  const { config, store } = rehearsal.session;
  const notifications = { webhook: { url: receiver.url, secret: { env: 'X' } }, dueSoon: '7 days' as const };
  return { store, config: { ...config, notifications } };
};
const look = () => {
  const { installation } = rehearsal.session.store;
  const channel = webhookChannel({ url: receiver.url, installation, secret: async () => secret });
  return tell(watching(), rehearsal.client, [channel]);
};
const told = () =>
  receiver.messages.map(({ body }) => JSON.parse(body) as { event: string; summary: string; detail: string });

it('tells of a rotation from its beginning to its end, each thing once', async () => {
  expect(await rehearsal.report(await rehearsal.begin())).toMatchObject({ outcome: 'retired' });

  await look();
  await look();

  expect(told().map(({ event, summary }) => `${event}: ${summary}`)).toEqual([
    'started: openai: the rotation to version 2 has begun',
    'retired: openai: version 2 is in force, and the version before it is retired',
  ]);
});

it('tells that a rotation waits for a person, what for, and how to answer', async () => {
  const byHand = (scenario.systems['openai'] as OpenAiLab).createUserKey('by hand');
  const docuelevate = scenario.systems['docuelevate'] as {
    editSetting?(key: string, value: string, who: string): void;
  };
  docuelevate.editSetting?.('openai_api_key', byHand.value, 'grace');
  const handle = await rehearsal.begin({ giveUpAfterMs: 60_000 });

  const waiting = await until(async () => {
    await look();
    return told().find(({ event }) => event === 'waiting');
  });
  await look();
  const [status] = await statusOf(rehearsal.session, rehearsal.client);

  expect(status).toMatchObject({ waitingFor: 'an operator', inGraceUntil: null });
  expect(waiting.detail).toContain('keyturn decide openai');
  expect(waiting.detail).toContain('grace');
  expect(told().filter(({ event }) => event === 'waiting')).toHaveLength(1);
  await decided(rehearsal.session.store, handle, { actor: 'test', decision: 'abandon', reason: 'she knows better' });
  await handle.result();
  await look();
  expect(told().at(-1)).toMatchObject({
    event: 'failed',
    detail: expect.stringContaining('she knows better') as string,
  });
});

it('holds no rotation up while nobody can be told, and says so', async () => {
  receiver.status = 500;
  const handle = await rehearsal.begin({ giveUpAfterMs: 60_000 });

  const broken = await until(async () => {
    await look();
    const found = await brokenChannels({ ...rehearsal.session, ...watching() });
    return found.length > 0 && found;
  });
  const entries = await rehearsal.session.store.ledger({ limit: 200 });

  expect(broken).toMatchObject([{ name: 'webhook', why: 'webhook send answered 500' }]);
  expect(entries.filter(({ event }) => event === 'channel-broken')).toHaveLength(1);
  expect((await handle.describe()).status.name).toBe('RUNNING'); // it waits for a person, and for nobody else
  receiver.status = 200;
});

it('moves a schedule that an emergency reset, which took over a planned rotation, and makes one again that Temporal has lost', async () => {
  const { client, session } = rehearsal;
  await applySchedules(session, client, 'ada');
  const id = scheduleId(session.store.installation, 'openai');
  const before = await describeSchedule(client, id);
  const handle = client.workflow.getHandle(rotationId(session.store.installation, 'openai'));
  await handle.signal(emergencyRevoke, { actor: 'ada', reason: 'it leaked' });
  expect(await handle.result()).toMatchObject({ outcome: 'replaced' });

  await keepSchedules(session, client, { all: false, asked: new Set() });
  const after = await describeSchedule(client, id);
  await client.schedule.getHandle(id).delete();
  await keepSchedules(session, client, { all: true, asked: new Set() });

  expect(after!.spec.startAt!.getTime()).toBeGreaterThan(before!.spec.startAt!.getTime());
  const [entry] = (await session.store.ledger()).filter(({ event }) => event === 'scheduled').slice(-1);
  expect(entry).toMatchObject({
    actor: 'keyturn',
    detail: expect.stringContaining('reset by the emergency rotation') as string,
  });
  expect(await planSchedules(session, client)).toMatchObject([{ change: 'keep' }]);
});

it('tells of the emergency, and puts no secret into what it tells', async () => {
  await look();

  expect(
    told()
      .filter(({ event }) => event === 'emergency')
      .map(({ summary }) => summary),
  ).toEqual([
    'openai: every live version is being revoked',
    expect.stringMatching(/^openai: version \d+ is in force, and everything before it is revoked$/),
  ]);
  const sent = receiver.messages.map(({ body }) => body).join();
  expect([...scenario.secrets(), secret].filter((value) => sent.includes(value))).toEqual([]);
});

it('has the channels that the configuration names, and none without', () => {
  const { config, store } = watching();

  expect(composeChannels(config, store).map(({ name }) => name)).toEqual(['webhook']);
  expect(composeChannels(rehearsal.session.config, store)).toEqual([]);
});

it('begins a rotation before the provider ends the value by itself, once', async () => {
  const { client, session } = rehearsal;
  const { store } = session;
  await applySchedules(session, client, 'ada');
  const current = (await store.versions('openai')).find(({ state }) => state === 'current')!;
  const providerTime = Math.floor(Date.now() / 1000);
  await store.prove(current, { kind: 'ends', outcome: 'proved', detail: 'it ends', providerTime });
  const asked = new Set<string>();
  await client.schedule.getHandle(scheduleId(store.installation, 'openai')).delete();

  await keepSchedules(session, client, { all: true, asked }); // makes it again
  await keepSchedules(session, client, { all: false, asked });
  const begun = await until(async () => {
    const [newest] = await store.rotations('openai');
    return newest?.request.trigger === 'schedule' && newest;
  });
  await keepSchedules(session, client, { all: false, asked });

  expect(begun.version).toBe(current.number + 1);
  expect(asked.size).toBe(1);
});
