import { readdirSync, writeFileSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { loadConfig } from '../../src/config/load.js';
import { createPlayground, type Playground } from '../../src/lab/playground.js';
import type { Scenario } from '../../src/lab/scenario.js';
import { scenarios } from '../../src/lab/scenarios/index.js';
import { adopt } from '../../src/operations/setup/adopt.js';
import { conduct } from '../../src/operations/emergency/emergency.js';
import { recordFileOf, takeIn, writeDown } from '../../src/operations/session/emergency-record.js';
import { endAll, list, type Unstored } from '../../src/operations/emergency/emergency-without-store.js';
import { openSession, type Session } from '../../src/operations/session/session.js';
import { needsDecision } from '../../src/store/failures.js';
import { listingOf } from '../../workers/listings.js';
import { catalog } from '../../workflows/catalog.js';

let scenario: Scenario;
let playground: Playground;
let sessions: Session[];

async function start(procedure: string): Promise<Unstored> {
  scenario = await scenarios[procedure]!();
  playground = await createPlayground(scenario, { grace: '0 seconds' });
  const { credential } = scenario;
  const session = await openSession({ file: playground.file, create: true });
  await adopt(session, { credential, parts: scenario.adopted, soleUser: true, actor: 'test' });
  await session.close();
  const listing = listingOf(loadConfig(playground.file, catalog), credential);
  if (!listing) throw new Error(`${credential} has no list`);
  const record = recordFileOf(playground.file);
  return { credential, actor: 'test', reason: 'it leaked', askedAt: Date.now(), listing, record };
}

async function reopen(): Promise<Session> {
  const session = await openSession({ file: playground.file });
  sessions.push(session);
  return session;
}

beforeEach(() => void (sessions = []));
afterEach(async () => {
  for (const session of sessions) await session.close();
  await playground.remove();
  await scenario.stop();
});

const whereThereIsAList = [
  'openai-api-key',
  'azure-document-intelligence-key',
  'aws-s3-access-keys',
  'sftp-private-key',
  'document-engine-dashboard-password',
  'document-engine-secret-key-base',
  'document-engine-jwt',
];

it.each(whereThereIsAList)('ends what the provider lists of %s, from the configuration alone', async (procedure) => {
  const emergency = await start(procedure);
  writeFileSync(join(playground.dir, 'keyturn.db'), 'this is no database any more');
  const leaked = scenario.working();

  const results = await endAll(emergency, await list(emergency));

  expect(results.length).toBeGreaterThan(0);
  expect(results.filter(({ ended, recorded }) => !ended || !recorded)).toEqual([]);
  expect(scenario.working().filter((value) => leaked.includes(value))).toEqual([]);
  await expect(openSession({ file: playground.file })).rejects.toThrow('is not a database');
});

it('says so when what it did could not be recorded, instead of waiting for the record', async () => {
  await start('openai-api-key');
  const session = await reopen();
  const asked = { credential: 'openai', actor: 'test', reason: 'it leaked', versions: null };
  const emergency = await session.store.ask(asked);
  const away = () => Promise.reject(needsDecision('the disk is full'));
  const activities = { ...session.activities, 'versions.promote': away, 'versions.closeRotation': away };
  const { signal } = new AbortController();

  const conducting = { session: { ...session, activities }, client: null, signal, onChange: () => undefined };
  const { how, trouble, state } = await conduct(conducting, emergency);

  expect({ how, outcome: state.outcome }).toEqual({ how: 'failed', outcome: null });
  expect(trouble).toContain('could not be recorded');
  expect(state.versions).toMatchObject([{ number: 1, end: 'revoked', refused: 'proved' }]);
});

describe('What was revoked without the store', () => {
  it('is taken in when the store is back, and the emergency goes on with the clock it began with', async () => {
    const emergency = await start('openai-api-key');
    const database = join(playground.dir, 'keyturn.db');
    renameSync(database, `${database}.away`);
    const [value] = await list(emergency);
    await endAll({ ...emergency, askedAt: 1_700_000_000_000 }, value ? [value] : []);
    expect(scenario.working()).toEqual([]);
    renameSync(`${database}.away`, database);

    const session = await reopen();

    expect(session.takenIn).toEqual(['openai']);
    const [asked] = await session.store.emergencies('openai');
    expect(asked).toMatchObject({ askedAt: 1_700_000_000_000, fence: null, reason: 'it leaked' });
    const entries = (await session.store.ledger()).filter(({ event }) => event === 'revoked directly');
    expect(entries.map(({ outcome, actor }) => ({ outcome, actor }))).toEqual([
      { outcome: 'begun', actor: 'test' },
      { outcome: 'ended', actor: 'test' },
    ]);
    const { signal } = new AbortController();
    const { how, state } = await conduct({ session, client: null, signal, onChange: () => undefined }, asked!);
    expect({ how, outcome: state.outcome }).toEqual({ how: 'ended', outcome: 'replaced' });
    expect(scenario.working()).toEqual([scenario.engineHolds()]);
  });

  it('is taken in once', async () => {
    await start('openai-api-key');
    await writeDown(recordFileOf(playground.file), act('ended'));

    expect((await reopen()).takenIn).toEqual(['openai']);
    expect((await reopen()).takenIn).toEqual([]);
    expect(readdirSync(playground.dir).filter((name) => name.includes('taken-in'))).toHaveLength(1);
  });

  it('stands in the ledger once, also when the machine went down before the record was put away', async () => {
    await start('openai-api-key');
    const file = recordFileOf(playground.file);
    await writeDown(file, act('begun'));
    const record = readFileSync(file);
    await reopen();
    writeFileSync(file, record);
    await writeDown(file, act('ended'));

    const { store } = await reopen();

    const entered = (await store.ledger()).filter(({ event }) => event === 'revoked directly');
    expect(entered.map(({ outcome }) => outcome)).toEqual(['begun', 'ended']);
  });

  it('is taken in as far as it was written down when the machine went down', async () => {
    await start('openai-api-key');
    const file = recordFileOf(playground.file);
    await writeDown(file, act('begun'));
    writeFileSync(file, `${readFileSync(file, 'utf8')}{"at":17`);
    const session = await reopen();

    expect(session.takenIn).toEqual(['openai']);
    expect((await session.store.ledger()).at(-2)).toMatchObject({ event: 'revoked directly', outcome: 'begun' });
    expect(await takeIn(session.store, playground.file)).toEqual([]);
  });
});

it('says of each value what became of it, and tries again where the provider does not answer', async () => {
  const emergency = await start('openai-api-key');
  const [value] = await list(emergency);
  scenario.systems['openai']!.faults.add({ method: 'DELETE', path: '*', times: 9, kind: { status: 503, body: '' } });
  const strange = { ...value!, id: 'service_account/svc_nowhere', mark: 'nobody' };

  const [failed, gone] = await endAll(emergency, [value!, strange]);

  expect(failed).toMatchObject({ ended: false, afterMs: null, trouble: expect.stringContaining('503') as string });
  expect(gone).toMatchObject({ ended: true, trouble: null });
  expect(scenario.working()).toHaveLength(1);
});

const act = (end: 'begun' | 'ended') => ({
  ...{ at: Date.now(), askedAt: Date.now(), actor: 'test', reason: 'it leaked', credential: 'openai' },
  ...{ id: 'service_account/svc_1', name: 'the one in use', end },
});
