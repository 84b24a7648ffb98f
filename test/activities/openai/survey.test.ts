import { openAiRequests } from '../../../activities/openai/requests.js';
import { labelOf } from '../../../src/store/intents.js';
import type { VersionRef } from '../../../src/domain/version.js';
import { linesOf, patternOf } from '../../contracts/requests.js';
import { type Bench, failureOf, startBench } from '../bench.js';
import { type OpenAiStage, startOpenAiStage } from './stage.js';

let bench: Bench;
let stage: OpenAiStage;
let old: VersionRef;
let current: VersionRef;

beforeEach(async () => {
  bench = await startBench();
  stage = await startOpenAiStage(bench);
  const first = await bench.rotate();
  await bench.attempt(() => stage.openai.createKey(first.next));
  await bench.attempt(() => stage.openai.acceptsKey(first.next));
  await bench.promote(first.next);
  const second = await bench.rotate();
  [old, current] = [second.current!, second.next];
  await bench.attempt(() => stage.openai.createKey(current));
  await bench.promote(current);
});
afterEach(async () => {
  await stage.lab.stop();
  await bench.close();
});

const look = () => bench.attempt(() => stage.openai.survey('openai'));
const label = (version: number, credential = 'openai') =>
  labelOf(bench.store.installation, { credential, version, nonce: '0123456789ab' });
const probes = () => stage.lab.requests.filter(({ path }) => path === '/v1/models').length;
const idOf = async (ref: VersionRef) => (await bench.store.read(ref)).providerId!.replace('service_account/', '');

async function sentBy(work: () => Promise<unknown>): Promise<string> {
  const before = stage.lab.requests.length;
  await bench.attempt(work);
  return linesOf(stage.lab.requests.slice(before));
}

it('asks with the current value, and only lists the others', async () => {
  const asked = probes();

  const { versions, strays } = await look();

  expect(versions).toMatchObject([
    { number: 1, verdict: 'listed' },
    { number: 2, verdict: 'accepted' },
  ]);
  expect(strays).toEqual([]);
  expect(probes()).toBe(asked + 1);
});

it('asks with a value that is not listed any more once, and keeps what that shows', async () => {
  stage.lab.killKey(stage.lab.keys().find(({ accountId }) => accountId !== null)!.id);
  await look();
  const asked = probes();

  const { versions } = await look();

  expect(versions[0]).toMatchObject({ number: 1, verdict: 'refused' });
  expect(probes()).toBe(asked + 1); // the current one's
  const [refused] = (await bench.store.evidence(old)).filter(({ kind }) => kind === 'refused');
  expect(refused).toMatchObject({ outcome: 'proved' });
});

it('calls no key refused that one server of several still lets through', async () => {
  await stage.lab.stop();
  stage = await startOpenAiStage(bench, { lingeringMs: 60_000, lateEvery: 3 });
  stage.account.settlingMs = 60;
  const { next } = await bench.rotate();
  await bench.attempt(() => stage.openai.createKey(next));
  await bench.promote(next);
  stage.lab.killKey(stage.lab.keys()[0]?.id ?? '');

  const { versions } = await look();

  expect(versions.at(-1)).toMatchObject({ number: 3, verdict: 'accepted' });
});

it("attributes what carries this credential's exact label, and nothing else", async () => {
  const names = [label(9), label(9, 'another'), `${label(9)} copy`, `x${label(9)}`, 'somebody'];
  for (const name of names) stage.lab.createServiceAccount(name);
  stage.lab.createUserKey('by hand');

  const { strays } = await look();

  expect(strays.map(({ madeFor }) => madeFor)).toEqual([9, null, null, null, null, null]);
});

it('attributes what was made under a name that the credential had, and what is made under its new one', async () => {
  await bench.store.close(current, 'retired', null);
  await bench.store.rename({ credential: 'openai', to: 'llm', actor: 'ada' });
  for (const name of [label(9), label(9, 'llm')]) stage.lab.createServiceAccount(name);

  const { strays } = await bench.attempt(() => stage.openai.survey('llm'));

  expect(strays.map(({ madeFor }) => madeFor)).toEqual([9, 9]);
});

it('attributes nothing that a forgotten credential of the same name may have made', async () => {
  await bench.store.close(current, 'retired', null);
  await bench.store.forget('openai', [1, 2], 'ada');
  await bench.adopt({ key: stage.lab.createUserKey('by hand').value });
  for (const version of [1, 2, 3]) stage.lab.createServiceAccount(label(version));

  const { strays } = await look();

  const ours = strays.filter(({ madeFor }) => madeFor !== null).map(({ name }) => name);
  expect(ours).toEqual([label(3)]);
});

it('does not attribute a label that another credential could have given', async () => {
  const row = { name: 'a_b', procedure: 'openai-api-key', account: 'a test' };
  await bench.store.claim(row, []);
  await bench.store.claim({ ...row, name: 'a-b' }, []);
  stage.lab.createServiceAccount(label(9, 'a_b'));

  const { strays } = await bench.attempt(() => stage.openai.survey('a_b'));

  expect(strays.find(({ name }) => name === label(9, 'a_b'))).toMatchObject({ madeFor: null });
});

describe('Deleting what carries our label', () => {
  const remove = (id: string) => () => stage.openai.deleteStray({ version: current, id: `service_account/${id}` });

  it('needs fresh proof of the current version, which is taken by now, and the fence', async () => {
    const { id, keys } = stage.lab.createServiceAccount(label(9));

    await bench.attempt(remove(id));
    await bench.attempt(remove(id)); // repeatable

    expect(stage.lab.works(keys[0]!.value)).toBe(false);
  });

  it('stops without that proof, or without the fence', async () => {
    const { id, keys } = stage.lab.createServiceAccount(label(9));
    await bench.prove(current, 'document', 'failed');
    expect(await failureOf(bench.attempt(remove(id)))).toMatchObject({ type: 'StaleProof' });
    await bench.prove(current, 'document');

    await bench.rotate();

    expect(await failureOf(bench.attempt(remove(id)))).toMatchObject({ type: 'FenceLost' });
    expect(stage.lab.works(keys[0]!.value)).toBe(true);
  });

  it('leaves alone what does not carry it, and what has become several keys', async () => {
    const somebodys = stage.lab.createServiceAccount('somebody');
    const shared = stage.lab.createServiceAccount(label(9), 2);

    for (const { id, keys } of [somebodys, shared]) {
      expect(await failureOf(bench.attempt(remove(id)))).toMatchObject({ type: 'NeedsDecision' });
      expect(stage.lab.works(keys[0]!.value)).toBe(true);
    }
  });

  it('leaves a version of the store alone, whatever it is called', async () => {
    await bench.attempt(remove(await idOf(old)));

    expect(stage.lab.keys().filter(({ deleted }) => deleted)).toEqual([]);
  });
});

it('declares what survey and deleteStray send', async () => {
  const { id } = stage.lab.createServiceAccount(label(9));
  for (let count = 0; count < 150; count += 1) stage.lab.createUserKey(`other ${count}`);
  const { openai } = stage;

  expect(await sentBy(() => openai.survey('openai'))).toMatch(patternOf(openAiRequests.survey, '/v1'));
  const stray = { version: current, id: `service_account/${id}` };
  expect(await sentBy(() => openai.deleteStray(stray))).toMatch(patternOf(openAiRequests.deleteStray, '/v1'));
});
