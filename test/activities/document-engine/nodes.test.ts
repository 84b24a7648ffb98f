import { setTimeout as delay } from 'node:timers/promises';
import type { ApplicationFailure } from '@temporalio/common';
import type { Finding } from '../../../src/domain/evidence.js';
import { nodesOf } from '../../../activities/document-engine/account.js';
import { newKeyPair } from '../../../src/lab/document-engine/server.js';
import { type Bench, startBench } from '../bench.js';
import { type DocumentEngineFixture, startFixture } from './fixture.js';

const lagMs = 400;

let bench: Bench;
let fixture: DocumentEngineFixture;

async function begin(type: 'jwt' | 'dashboard_password'): Promise<void> {
  bench = await startBench();
  fixture = await startFixture(bench, { type, behavior: { nodes: 2, lagMs } });
  Object.assign(fixture.settings, nodesOf(2 * lagMs, 2));
}
afterEach(async () => {
  await fixture.lab.stop();
  await bench.close();
});

/** Attempts as Temporal makes them, in real time. */
async function untilDone(work: () => Promise<Finding>): Promise<Finding> {
  const began = performance.now();
  for (;;) {
    const waitedMs = performance.now() - began;
    const done = await bench.attempt(work, { key: 'one activity', waitedMs }).catch(async (error: unknown) => {
      expect(error).toMatchObject({ type: 'Propagating' });
      await delay(Number((error as ApplicationFailure).nextRetryDelay));
      return null;
    });
    if (done) return done;
  }
}

describe.each(['jwt', 'dashboard_password'] as const)('where a second node learns of changes late (%s)', (type) => {
  beforeEach(() => begin(type));

  async function switched(): Promise<void> {
    const { activities, old, next } = fixture;
    await bench.attempt(() => activities.generate(next));
    await bench.attempt(() => activities.addSecret(old));
    await bench.attempt(() => activities.addSecret(next));
  }

  it('waits for it before a new value is called accepted or refused', async () => {
    await switched();
    const began = performance.now();

    expect(await untilDone(() => fixture.activities.accepts(fixture.next))).toMatchObject({ outcome: 'proved' });

    expect(performance.now() - began).toBeGreaterThan(lagMs / 2);
  });

  it('calls the old value refused when no node lets it in any more', async () => {
    const { activities, old, next } = fixture;
    await switched();
    await untilDone(() => activities.accepts(old));
    await untilDone(() => activities.accepts(next));
    await bench.promote(next);
    await bench.attempt(() => activities.makeCurrent({ version: next, former: old }));
    await bench.attempt(() => activities.expireSecret(old));
    const ended = performance.now();

    expect(await untilDone(() => activities.refuses(old))).toMatchObject({ outcome: 'proved' });

    expect(performance.now() - ended).toBeGreaterThan(lagMs);
    expect(fixture.lab.values(type)).not.toContain(fixture.lab.environment[type]);
  });

  it('says at once that a value is wrong which a person has just handed in', async () => {
    fixture.lab.rotateByHand(type, type === 'jwt' ? newKeyPair('ES256').publicKey : 'another');
    await delay(lagMs + 50);

    expect(await bench.attempt(() => fixture.activities.accepts(fixture.old))).toMatchObject({ outcome: 'failed' });
  });
});
