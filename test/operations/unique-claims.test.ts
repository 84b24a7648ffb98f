import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { WorkflowHandle } from '@temporalio/client';
import { parse, stringify } from 'yaml';
import { fastClock } from '../../src/lab/clock.js';
import { startOpenAiApiKey } from '../../src/lab/scenarios/openai-api-key.js';
import type { Scenario } from '../../src/lab/scenario.js';
import { adopt } from '../../src/operations/setup/adopt.js';
import { openSession, type Session } from '../../src/operations/session/session.js';
import { startRotation } from '../../src/operations/rotate/start-rotation.js';
import type { Store } from '../../src/store/store.js';
import { composeSystems, inputOf } from '../../workers/compose.js';
import { type Activities, registered } from '../../workers/registered.js';
import { rehearse, type TestRehearsal } from '../support/rehearsal.js';

let scenario: Scenario;
let rehearsal: TestRehearsal;
let twin: Session;

beforeEach(async () => {
  scenario = await startOpenAiApiKey({ clock: fastClock(1000) });
  rehearsal = await rehearse(scenario, shared);
  twin = await openSession({ file: secondConfiguration() });
});
afterEach(async () => {
  await twin.close();
  await rehearsal.stop();
});

/** Another configuration on the same store, in which a credential by another name feeds the same setting. */
function secondConfiguration(): string {
  const { dir, file } = rehearsal.playground;
  const { credentials, ...rest } = parse(readFileSync(file, 'utf8')) as { credentials: Record<string, object> };
  const second = join(dir, 'second.yaml');
  writeFileSync(second, stringify({ ...rest, credentials: { twin: credentials['openai'] } }));
  return second;
}

/** One worker for both configurations: each call goes to the one that knows its credential. */
function shared(activities: Activities): Activities {
  const entries = Object.entries(activities).map(([name, activity]) => [
    name,
    (...args: never[]) => (JSON.stringify(args).includes('"twin"') ? twin.activities[name]! : activity)(...args),
  ]);
  return Object.fromEntries(entries) as Activities;
}

function withoutClaims(session: Session): Session {
  const store: Store = {
    ...session.store,
    adopt: (value) => session.store.adopt({ ...value, claims: [] }),
    identify: async () => [], // one value of two credentials is refused as well
    open: (credential, _claims, ...rest) => session.store.open(credential, [], ...rest),
  };
  const systems = composeSystems(session.config, store);
  return { ...session, store, systems, activities: registered(systems) };
}

const adoptTwin = (): Promise<unknown> =>
  adopt(twin, { credential: 'twin', parts: scenario.adopted, soleUser: true, actor: 'test' });

async function rotateTwin(): Promise<WorkflowHandle> {
  const input = inputOf('twin', { actor: 'test', trigger: 'manual', reason: 'a test' });
  return (await startRotation(twin, rehearsal.client, input)).handle;
}

describe('A setting that two configurations name', () => {
  it('belongs to the credential that claimed it first', async () => {
    await expect(adoptTwin()).rejects.toThrow(/openai_api_key.*openai/);

    expect(await rehearsal.report(await rehearsal.begin())).toMatchObject({ outcome: 'retired' });
    expect(await scenario.consume()).toBe(true);
  });

  it('would be overwritten with a value that is dead if it were not claimed', async () => {
    twin = withoutClaims(twin);
    await adoptTwin();

    expect(await rehearsal.report(await rehearsal.begin())).toMatchObject({ outcome: 'retired' });
    expect(await rehearsal.report(await rotateTwin())).toMatchObject({ outcome: 'rolled-back' });

    expect(await scenario.consume()).toBe(false);
    expect(scenario.working()).not.toContain(scenario.engineHolds());
  });
});
