import { type ByHandAccount, byHandActivities } from '../../../activities/by-hand/activities.js';
import { ByHandSection } from '../../../activities/by-hand/section.js';
import { CannotTell } from '../../../activities/shared/outside-error.js';
import type { Prober } from '../../../activities/shared/probes.js';
import type { VersionRef } from '../../../src/domain/version.js';
import { type Bench, failureOf, randomValue, startBench } from '../bench.js';

let bench: Bench;
let current: VersionRef;
let next: VersionRef;
let section: Record<string, unknown>;
let prober: Prober | null;
let settings: string[];

beforeEach(async () => {
  bench = await startBench();
  await bench.adopt({ value: randomValue() });
  const opened = await bench.rotate();
  [current, next] = [opened.current!, opened.next];
  section = { name: 'The mail host', account: 'scans', overlap: 'both-valid' };
  prober = null;
  settings = ['imap1_password'];
});
afterEach(() => bench.close());

const tasks = {
  ...{ owner: 'platform', assignee: null, dueMs: 3_600_000, remindMs: 3_600_000, urgentMs: 60_000 },
  ...{ escalation: null, giveUpMs: 86_400_000 },
};

function activities() {
  const account = async (): Promise<ByHandAccount> => ({
    ...{ section: ByHandSection.parse(section), settings, parts: ['value'], tasks, prober },
  });
  return byHandActivities({ store: bench.store, account });
}

const open = async () => (await bench.store.tasks()).filter(({ state }) => state === 'open');
const end = (id: string, change: object = {}) =>
  bench.store.endTask(id, { state: 'done', actor: 'maria', words: null, ...change });

it('asks for a value under a name of ours, which stands in the instructions and as an attempt', async () => {
  await bench.attempt(() => activities().askForValue(next));
  await bench.attempt(() => activities().askForValue(next)); // repeated, it is the same task

  const [task, ...others] = await open();
  const [intent] = await bench.store.intents(bench.credential);
  expect(others).toEqual([]);
  expect(task).toMatchObject({ title: 'Create a new value', asks: 'value', owner: 'platform', urgent: false });
  expect(task?.instructions).toContainEqual(`If it can have a name, call it ${intent?.label}`);
  expect(task?.instructions).toContainEqual('Leave the old value valid: DocuElevate uses it');
});

it.each([
  ['imap1_password', 'complete this task at once'],
  ['admin_password', 'Keyturn sets it in DocuElevate: do not change it there'],
])('says of %s, of which one works at a time, what a person has to know: %s', async (setting, words) => {
  settings = [setting];
  section = { ...section, overlap: 'single', newValue: 'generated' };

  await bench.attempt(() => activities().askToSet(next));

  const [task] = await open();
  const said = ['complete this task at once', 'Keyturn sets it in DocuElevate: do not change it there'];
  expect(said.filter((each) => task?.instructions.join(' ').includes(each))).toEqual([words]);
});

it('says in an emergency what is true then', async () => {
  const { opened } = await bench.store.seize(
    { name: bench.credential, procedure: 'openai-api-key', account: 'a test' },
    { actor: 'ada', trigger: 'emergency', reason: 'it leaked' },
    bench.writer,
  );

  await bench.attempt(() => activities().askForValue(opened.next));

  const [task] = await open();
  expect(task).toMatchObject({
    urgent: true,
    givesUpAt: null,
    otherwise: 'Documents fail until DocuElevate has a new value',
  });
  expect(task?.instructions.join(' ')).not.toContain('Leave the old value valid');
});

it('asks for the end of every version that an emergency means, and withdraws what asks for less', async () => {
  const { askToContain } = activities();
  await bench.give(next, { value: randomValue() });
  await bench.attempt(() => askToContain({ version: next, targets: [current] }));
  const [first] = await open();

  await bench.attempt(() => askToContain({ version: next, targets: [current, next] }));

  const now = await open();
  expect(now).toMatchObject([{ title: 'Revoke what leaked (version 1 and version 2)' }]);
  expect(now[0]?.id).not.toBe(first?.id);
});

it('asks to revoke an old value only with the proof that a deletion needs', async () => {
  const { askToRevoke } = activities();
  await bench.give(next, { value: randomValue() });

  expect((await failureOf(bench.attempt(() => askToRevoke(current)))).type).toBe('StaleProof');
  await bench.promote(next);
  await bench.attempt(() => askToRevoke(current));

  expect(await open()).toMatchObject([{ title: 'Revoke the old value', asks: 'word', version: 1 }]);
});

it('has nothing revoked that nobody has made or seen', async () => {
  const { askToRevoke, generate, askToSet } = activities();
  section = { ...section, newValue: 'generated' };
  expect(await bench.attempt(() => askToRevoke(next))).toBeNull();

  await bench.attempt(() => generate(next));
  await bench.attempt(() => askToSet(next));
  await bench.store.move(next, 'discarding');
  expect(await bench.attempt(() => askToRevoke(next))).toBeNull();

  const [task] = await open();
  await bench.store.handOverTask(task!.id, 'maria');
  expect(await bench.attempt(() => askToRevoke(next))).toMatchObject({ state: 'open' });
});

describe('The old value of an account with one password, when a rotation rolls back', () => {
  const see = () => bench.attempt(() => activities().askToSeeOld({ version: current, next }));
  const answering = (verdict: 'accepted' | 'refused'): Prober => ({
    ...{ name: 'The mail host', request: 'a login', refusal: 'NO', propagationMs: 0 },
    ask: () => Promise.resolve({ verdict, providerTime: undefined }),
  });
  beforeEach(() => {
    section = { ...section, overlap: 'single' };
  });

  it('is asked about only where somebody can have replaced it', async () => {
    expect(await see()).toBeNull();
    await bench.attempt(() => activities().askForValue(next));

    expect(await see()).toMatchObject({ state: 'open' });
  });

  it('is asked about by a probe first, and a person is asked to set it again where that refuses it or cannot tell', async () => {
    await bench.attempt(() => activities().askForValue(next));
    prober = answering('accepted');
    expect(await see()).toBeNull();

    prober = { ...answering('accepted'), ask: () => Promise.reject(new CannotTell('it lets everybody in')) };
    expect(await see()).toMatchObject({ state: 'open' });
    prober = answering('refused');
    expect(await see()).toMatchObject({ state: 'open' });

    const [task, ...others] = (await open()).filter(({ version }) => version === current.number);
    expect(others).toEqual([]);
    expect(task?.instructions.join(' ')).toContain(`keyturn reveal ${bench.credential} --version 1 shows it`);
  });
});

it('takes a person at their word for as long as a proof is fresh, and dates it by them', async () => {
  const { askToSee, attestUse } = activities();
  const seeing = { version: next, settings: ['sentry_dsn'] };
  await bench.attempt(() => askToSee(seeing));
  const [asked] = await open();
  bench.clockOffsetMs = -20 * 60_000;
  await end(asked!.id, { words: 'an error came through' });
  bench.clockOffsetMs = 0;

  await bench.attempt(() => attestUse(seeing));
  const [evidence] = (await bench.store.evidence(next)).filter(({ kind }) => kind === 'document');
  expect(evidence).toMatchObject({
    outcome: 'not-observable',
    detail: 'maria said of sentry_dsn: an error came through',
  });
  expect(Date.now() - (evidence?.at ?? 0)).toBeGreaterThan(10 * 60_000);

  await bench.attempt(() => askToSee(seeing)); // the word is too old
  expect(await open()).toHaveLength(1);
});

it('keeps an attempt listed when its task was withdrawn: somebody may still create the value', async () => {
  const { askForValue, refuses } = activities();
  await bench.attempt(() => askForValue(next));
  const [task] = await open();
  await bench.store.withdrawTask(next, task!.id, { unseen: false });

  expect(await bench.attempt(() => refuses(next))).toMatchObject({ outcome: 'not-observable' });

  expect(await bench.store.intents(bench.credential)).toMatchObject([{ outcome: 'open' }]);
});

it('says that nothing can be observed where no probe is configured, and where a probe cannot tell', async () => {
  expect(await bench.attempt(() => activities().accepts(current))).toMatchObject({
    outcome: 'not-observable',
    detail: 'no probe is configured for The mail host',
  });

  const ask = () => Promise.reject(new CannotTell('the login answered 454'));
  prober = { name: 'mail', request: 'a login', refusal: '535', propagationMs: 0, ask };
  expect(await bench.attempt(() => activities().refuses(current))).toMatchObject({
    outcome: 'not-observable',
    detail: 'the login answered 454',
  });
});

it('asks in a scheduled check about the version in force alone', async () => {
  await bench.give(next, { value: randomValue() });
  const asked: string[] = [];
  const ask: Prober['ask'] = ({ value = '' }) => {
    asked.push(value);
    return Promise.resolve({ verdict: 'accepted', providerTime: undefined });
  };
  prober = { name: 'mail', request: 'a login', refusal: '535', propagationMs: 0, ask };

  await bench.attempt(() => activities().survey(bench.credential, true));

  expect(asked).toEqual([(await bench.store.unseal(current))['value']]);
});
