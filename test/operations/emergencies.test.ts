import { ApplicationFailure } from '@temporalio/common';
import { fastClock } from '../../src/lab/clock.js';
import { ownCredentials } from '../../src/config/references.js';
import { adopt } from '../../src/operations/setup/adopt.js';
import { conductAll, type Conducted } from '../../src/operations/emergency/emergency.js';
import { chosen, impactOf } from '../../src/operations/emergency/emergency-choice.js';
import type { Session } from '../../src/operations/session/session.js';
import { type Fleet, startFleet } from '../support/fleet.js';
import { rehearse, type TestRehearsal } from '../support/rehearsal.js';

let fleet: Fleet;
let rehearsal: TestRehearsal;
let session: Session;
/** A credential whose key cannot be deleted, for as long as it is named. */
let stubborn = '';

beforeAll(async () => {
  fleet = await startFleet(4, { clock: fastClock(1000) });
  rehearsal = await rehearse(fleet, (activities) => ({
    ...activities,
    'openai.remove': (...args) => {
      const [{ credential }] = args as unknown as [{ credential: string }];
      if (credential === stubborn) throw ApplicationFailure.nonRetryable('injected: answered 403', 'Unauthorized');
      return activities['openai.remove']!(...args);
    },
  }));
  session = rehearsal.session;
  for (const [credential, key] of Object.entries(fleet.values))
    await adopt(session, { credential, parts: { key }, soleUser: true, actor: 'test' });
});
afterAll(() => rehearsal.stop());

async function emergencies(config = session.config, names = Object.keys(fleet.values)): Promise<readonly Conducted[]> {
  const asked = [];
  for (const credential of names)
    asked.push(await session.store.ask({ credential, actor: 'test', reason: 'a laptop was stolen', versions: null }));
  const signal = AbortSignal.timeout(15_000);
  const conducting = { session: { ...session, config }, client: rehearsal.client, signal, onChange: () => undefined };
  return conductAll(conducting, asked);
}

it('contains and replaces many side by side, and one that fails stops no other', async () => {
  stubborn = 'openai-1';

  const results = await emergencies();

  stubborn = '';
  const ends = Object.fromEntries(results.map(({ state, how }) => [state.credential, { how, outcome: state.outcome }]));
  const replaced = { how: 'ended', outcome: 'replaced' };
  expect(ends).toEqual({
    'openai-0': replaced,
    'openai-1': { how: 'waiting', outcome: null },
    'openai-2': replaced,
    'openai-3': replaced,
  });
  for (const [credential, leaked] of Object.entries(fleet.values)) {
    expect(fleet.openai.works(leaked)).toBe(credential === 'openai-1');
    if (credential !== 'openai-1') expect(await fleet.engineOf(credential).use('ai')).toBe(true);
  }
  const [failed] = results.filter(({ how }) => how === 'waiting');
  expect(failed).toMatchObject({ trouble: 'Delete the old key: injected: answered 403' });
  expect(failed?.state.versions).toMatchObject([{ number: 1, end: 'live', refused: null }]);
});

it("leaves Keyturn's own credentials to the end, when the others need them no more", async () => {
  const admin = { username: 'admin', password: { credential: 'openai-2' } };
  const { engines } = session.config;
  const engine = { ...engines['openai-3']!, admin };
  const config = { ...session.config, engines: { ...engines, 'openai-3': engine } };

  const results = await emergencies(config, ['openai-2', 'openai-0', 'openai-3']);

  expect([...ownCredentials(config)]).toEqual(['openai-2']);
  const claimed = async (credential: string) => (await session.store.emergencies(credential))[0]?.claimedAt ?? 0;
  const ended = async (credential: string) => (await session.store.rotations(credential))[0]?.closedAt ?? Infinity;
  for (const other of ['openai-0', 'openai-3'])
    expect(await ended(other)).toBeLessThanOrEqual(await claimed('openai-2'));
  expect(results.map(({ state }) => state.outcome)).toEqual(['replaced', 'replaced', 'replaced']);
});

it('finds what is meant by owner, provider and engine, and what it would stop', async () => {
  const { config } = session;
  const all = Object.keys(fleet.values);

  expect(chosen(config, { names: [], owner: 'fleet', provider: 'openai' })).toEqual(all);
  expect(chosen(config, { names: [], all: true })).toEqual(all);
  expect(chosen(config, { names: [], engine: 'openai-2' })).toEqual(['openai-2']);
  expect(() => chosen(config, { names: [], engine: 'openai-2', owner: 'nobody' })).toThrow('matches');
  expect(() => chosen(config, { names: ['openai-1'], all: true })).toThrow('in exactly one way');
  expect(await impactOf(session, 'openai-3', null)).toMatchObject({
    ...{ stops: true, own: false, owner: 'fleet', settings: ['openai_api_key'] },
    versions: [{ state: 'current' }],
    containment: ['Delete the old key', 'The old key is refused'],
  });
});
