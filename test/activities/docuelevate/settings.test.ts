import { runDirectly } from '../../../activities/shared/scope.js';
import type { Finding } from '../../../src/domain/evidence.js';
import type { VersionRef } from '../../../src/domain/version.js';
import { type Bench, failureOf, randomValue, startBench } from '../bench.js';
import { count, type DocuElevateFixture, startDocuElevateFixture } from './fixture.js';

const setting = '/api/settings/{key}';
const history = '/api/settings/{key}/history';
const person = 'grace';

let bench: Bench;
let fixture: DocuElevateFixture;
let current: VersionRef;
let next: VersionRef;
let oldValue: string;
let newValue: string;

beforeEach(async () => {
  bench = await startBench();
  fixture = await startDocuElevateFixture(bench);
  [oldValue, newValue] = [randomValue(), randomValue()];
  await bench.adopt({ key: oldValue });
  const rotation = await bench.rotate();
  [current, next] = [rotation.current!, rotation.next];
  await bench.give(next, { key: newValue });
  await write(current);
  await bench.prove(current, 'accepted');
});
afterEach(async () => {
  await fixture.stop();
  await bench.close();
});

const write = (version = next): Promise<void> => bench.attempt(() => fixture.docuelevate.writeSettings(version));
const restore = (version = next): Promise<void> => bench.attempt(() => fixture.docuelevate.restoreSettings(version));
const areOurs = (version: VersionRef): Promise<Finding> =>
  bench.attempt(() => fixture.docuelevate.settingsAreOurs(version));
const held = (): string | null => fixture.lab.setting('openai_api_key');
const receiptsOf = async (version: VersionRef) => (await bench.store.read(version)).receipts['openai_api_key'];
const engineOf = async (version: VersionRef): Promise<string> => (await bench.store.read(version)).engine;

describe('writing', () => {
  it('puts the value into the engine and knows its own change', async () => {
    await write();

    expect(held()).toBe(newValue);
    expect(await receiptsOf(next)).toEqual({ before: 1, ours: 2 });
    expect([await engineOf(current), await engineOf(next)]).toEqual(['no', 'yes']);
  });

  it('says that the engine may hold it before it writes', async () => {
    fixture.lab.faults.add({ method: 'POST', path: setting, kind: 'reset-before' });

    const failure = await failureOf(write());

    expect(failure).toMatchObject({ type: 'Unavailable', nonRetryable: false });
    expect(held()).toBe(oldValue);
    expect(await receiptsOf(next)).toEqual({ before: 1 });
    expect([await engineOf(current), await engineOf(next)]).toEqual(['maybe', 'maybe']);
  });

  it('recovers when the answer is lost after the change was made', async () => {
    fixture.lab.faults.add({ method: 'POST', path: setting, times: 2, kind: 'reset-after' });
    await failureOf(write());
    await failureOf(write());

    await write();

    expect(held()).toBe(newValue);
    expect(await receiptsOf(next)).toEqual({ before: 1, ours: 4 });
    expect([await engineOf(current), await engineOf(next)]).toEqual(['no', 'yes']);
  });

  it('can be repeated when it had succeeded already', async () => {
    await write();
    await write();

    expect(await receiptsOf(next)).toEqual({ before: 1, ours: 3 });
    expect(await areOurs(next)).toMatchObject({ outcome: 'proved' });
  });

  it.each([
    ['a line break', 'with a\nline break'],
    ['nothing', ''],
  ])('does not write a value with %s', async (_, value) => {
    await bench.store.move(next, 'discarding');
    const rotation = await bench.rotate();
    await bench.give(rotation.next, { key: value });
    const before = fixture.lab.requests.length;

    const failure = await failureOf(write(rotation.next));

    expect(failure).toMatchObject({ type: 'Rejected', nonRetryable: true });
    expect(fixture.lab.requests).toHaveLength(before);
    expect(held()).toBe(oldValue);
  });

  it('does not believe an answer that shows another value', async () => {
    const body = JSON.stringify({ success: true, key: 'openai_api_key', value: `else${'*'.repeat(20)}` });
    fixture.lab.faults.add({ method: 'POST', path: setting, kind: { status: 200, body } });

    expect(await failureOf(write())).toMatchObject({ type: 'Unavailable', nonRetryable: false });
    expect(await engineOf(next)).toBe('maybe');
  });

  it('does not believe an answer that the history knows nothing of', async () => {
    const body = JSON.stringify({ success: true, value: `${newValue.slice(0, 4)}${'*'.repeat(newValue.length - 4)}` });
    fixture.lab.faults.add({ method: 'POST', path: setting, kind: { status: 200, body } });

    expect(await failureOf(write())).toMatchObject({ type: 'Unavailable', nonRetryable: false });
    expect(await engineOf(next)).toBe('maybe');
  });

  it('fails for good on a setting the engine does not know', async () => {
    fixture.engine.settings = { no_such_setting: 'key' };

    expect(await failureOf(write())).toMatchObject({ type: 'NotFound', nonRetryable: true });
  });

  it('writes every setting that the credential feeds', async () => {
    fixture.engine.settings = { aws_access_key_id: 'id', aws_secret_access_key: 'secret' };
    const rotation = await bench.rotate();
    const parts = { id: 'short', secret: randomValue() };
    await bench.give(rotation.next, parts);

    await write(rotation.next);

    expect(fixture.lab.setting('aws_access_key_id')).toBe(parts.id);
    expect(fixture.lab.setting('aws_secret_access_key')).toBe(parts.secret);
    expect(await areOurs(rotation.next)).toMatchObject({ outcome: 'proved' });
  });

  it('changes nothing for a rotation that is not the writer any more', async () => {
    await bench.rotate();

    expect(await failureOf(write())).toMatchObject({ type: 'FenceLost' });
    expect(held()).toBe(oldValue);
  });

  it('changes nothing for a run that another one goes on for', async () => {
    await bench.store.handOver(next, { ...bench.writer, runId: 'run-2' });

    expect(await failureOf(write())).toMatchObject({ type: 'FenceLost' });
    expect(held()).toBe(oldValue);
  });

  it('changes nothing in an attempt that a later one has overtaken, nor what that one has noted', async () => {
    const started = { event: 'started', credential: bench.credential, runId: 'run-1', activityId: '7' };
    for (const attempt of [2, 1]) await bench.store.record({ ...started, attempt });
    const as = (number: number) => ({ ...bench.writer, attempt: { activity: '7', number } });
    const writeAs = (number: number) => runDirectly(as(number), () => fixture.docuelevate.writeSettings(next));
    await writeAs(2);

    expect(await failureOf(writeAs(1))).toMatchObject({ type: 'FenceLost' });

    expect(await areOurs(next)).toMatchObject({ outcome: 'proved' });
    await runDirectly({ ...as(1), attempt: { activity: '8', number: 1 } }, () =>
      fixture.docuelevate.writeSettings(next),
    );
  });

  it.each([400, 422, 500])('shows nothing of the value when a %i echoes it', async (status) => {
    fixture.lab.faults.add({ method: 'POST', path: setting, kind: { status } });

    const failure = await failureOf(write());

    expect(JSON.stringify([failure, failure.message, failure.stack, String(failure.cause)])).not.toContain(newValue);
  });
});

describe('restoring', () => {
  it('puts the earlier value back', async () => {
    await write();

    await restore();

    expect(held()).toBe(oldValue);
    expect(await receiptsOf(current)).toEqual({ before: 2, ours: 3 });
    expect([await engineOf(current), await engineOf(next)]).toEqual(['yes', 'no']);
    expect(await areOurs(current)).toMatchObject({ outcome: 'proved' });
  });

  it('puts the value back that was in force before, during the grace', async () => {
    await write();
    await bench.store.promote(next);

    await restore();

    expect(held()).toBe(oldValue);
  });

  it('does nothing when nothing was written', async () => {
    const before = fixture.lab.requests.length;

    await restore();

    expect(fixture.lab.requests).toHaveLength(before);
  });

  it('does nothing when it was done already', async () => {
    await write();
    await restore();
    const before = fixture.lab.requests.length;

    await restore();

    expect(fixture.lab.requests).toHaveLength(before);
  });

  it.each(['reset-before', 'reset-after'] as const)('works after a write of unknown outcome (%s)', async (kind) => {
    fixture.lab.faults.add({ method: 'POST', path: setting, kind });
    await failureOf(write());

    await restore();

    expect(held()).toBe(oldValue);
    expect([await engineOf(current), await engineOf(next)]).toEqual(['yes', 'no']);
  });

  it('works after several writes of unknown outcome', async () => {
    fixture.lab.faults.add({ method: 'POST', path: setting, times: 3, kind: 'reset-after' });
    for (let attempts = 0; attempts < 3; attempts += 1) await failureOf(write());

    await restore();

    expect(held()).toBe(oldValue);
  });

  it('recovers when its own answer is lost, more than once', async () => {
    await write();
    fixture.lab.faults.add({ method: 'POST', path: setting, times: 2, kind: 'reset-after' });
    await failureOf(restore());
    await failureOf(restore());

    await restore();

    expect(held()).toBe(oldValue);
    expect([await engineOf(current), await engineOf(next)]).toEqual(['yes', 'no']);
  });

  it.each([
    'after our write',
    'after a write of unknown outcome',
    'after a write that never arrived',
    'after a lost restore',
  ] as const)('leaves alone what a person changed %s', async (when) => {
    if (when === 'after a write of unknown outcome')
      fixture.lab.faults.add({ method: 'POST', path: setting, kind: 'reset-after' });
    if (when === 'after a write that never arrived')
      fixture.lab.faults.add({ method: 'POST', path: setting, kind: 'reset-before' });
    await write().catch(() => undefined);
    if (when === 'after a lost restore') {
      fixture.lab.faults.add({ method: 'POST', path: setting, kind: 'reset-after' });
      await failureOf(restore());
    }
    const edited = randomValue();
    fixture.lab.editSetting('openai_api_key', edited, person);

    const failure = await failureOf(restore());

    expect(failure).toMatchObject({ type: 'NeedsDecision', nonRetryable: true });
    expect(failure.message).toMatch(new RegExp(`openai_api_key was changed by ${person} at \\d{4}-`));
    expect(failure.message).not.toContain(edited);
    expect(held()).toBe(edited);
  });

  it('asks when somebody changed the setting between two attempts to write it', async () => {
    fixture.lab.faults.add({ method: 'POST', path: setting, kind: 'reset-before' });
    fixture.lab.faults.add({ method: 'POST', path: setting, kind: 'reset-after' });
    await failureOf(write());
    fixture.lab.editSetting('openai_api_key', randomValue(), person);
    await failureOf(write());

    const failure = await failureOf(restore());

    expect(failure).toMatchObject({ type: 'NeedsDecision' });
    expect(failure.message).toContain(`was changed by ${person}`);
    expect(held()).toBe(newValue);
  });

  it('leaves alone what was changed under our own name after our write', async () => {
    await write();
    const edited = randomValue();
    fixture.lab.editSetting('openai_api_key', edited, fixture.lab.adminUsername);

    expect(await failureOf(restore())).toMatchObject({ type: 'NeedsDecision' });
    expect(held()).toBe(edited);
  });

  it('puts nothing back that was not shown to work just now', async () => {
    await write();
    await bench.prove(current, 'accepted', 'failed');
    const dead = await failureOf(restore());
    bench.clockOffsetMs = -11 * 60_000;
    await bench.prove(current, 'accepted');
    const stale = await failureOf(restore());

    for (const failure of [dead, stale]) expect(failure).toMatchObject({ type: 'StaleProof', nonRetryable: true });
    expect(held()).toBe(newValue);
  });

  it('never puts a compromised value back', async () => {
    await write();
    await bench.store.note(current, { compromised: true });

    expect(await failureOf(restore())).toMatchObject({ type: 'NeedsDecision' });
    expect(held()).toBe(newValue);
  });

  it('asks when no earlier value is known', async () => {
    const first = await startBench();
    const other = await startDocuElevateFixture(first);
    const rotation = await first.rotate();
    await first.give(rotation.next, { key: newValue });
    await first.attempt(() => other.docuelevate.writeSettings(rotation.next));

    const failure = await failureOf(first.attempt(() => other.docuelevate.restoreSettings(rotation.next)));

    expect(failure).toMatchObject({ type: 'NeedsDecision' });
    expect(other.lab.setting('openai_api_key')).toBe(newValue);
    await other.stop();
    await first.close();
  });
});

describe('knowing our change', () => {
  it('names who changed a setting since, and no value', async () => {
    await write();
    const edited = randomValue();
    fixture.lab.editSetting('openai_api_key', edited, person);

    const finding = await areOurs(next);

    expect(finding).toMatchObject({ kind: 'setting-ours', outcome: 'failed' });
    expect(finding.detail).toContain(`openai_api_key was last changed by ${person} at `);
    expect(finding.detail).not.toContain(edited);
  });

  it('names the version where Keyturn itself has written another one', async () => {
    await write();

    expect(await areOurs(current)).toMatchObject({
      ...{ kind: 'setting-ours', outcome: 'failed' },
      detail: 'openai_api_key holds version 2 in place of version 1, as Keyturn itself wrote it',
    });
  });

  it('names that version too where only a lost answer could have said so', async () => {
    fixture.lab.faults.add({ method: 'POST', path: setting, kind: 'reset-after' });
    await failureOf(write());

    expect(await areOurs(current)).toMatchObject({
      detail: 'openai_api_key holds version 2 in place of version 1, as Keyturn itself wrote it',
    });
  });

  it('orders changes of one second by their id', async () => {
    await write();
    fixture.lab.editSetting('openai_api_key', newValue, person);
    await write();

    expect(await areOurs(next)).toMatchObject({ outcome: 'proved' });
  });

  it('knows its own change from that of somebody who was quicker than our look at the history', async () => {
    fixture.lab.faults.add({ method: 'GET', path: history, skip: 1, kind: { slowMs: 100 } });
    const writing = write();
    while (held() !== newValue) await new Promise(setImmediate);
    fixture.lab.editSetting('openai_api_key', newValue, person);
    await writing;

    expect(await areOurs(next)).toMatchObject({ outcome: 'failed' });
  });

  it('does not overlook that another value is shown', async () => {
    await write();
    const body = JSON.stringify({ key: 'openai_api_key', value: `else${'*'.repeat(newValue.length - 4)}` });
    fixture.lab.faults.add({ method: 'GET', path: setting, kind: { status: 200, body } });

    expect(await areOurs(next)).toMatchObject({ outcome: 'failed', detail: 'openai_api_key does not show our value' });
  });

  it('does not take a write of unknown outcome for ours', async () => {
    fixture.lab.faults.add({ method: 'GET', path: history, skip: 1, kind: 'reset-before' });
    await failureOf(write());

    expect(held()).toBe(newValue);
    expect(await areOurs(next)).toMatchObject({ outcome: 'failed' });
  });
});

it('logs in once for everything', async () => {
  await write();
  await restore();

  expect(count(fixture.lab, 'POST', '/auth')).toBe(1);
});
