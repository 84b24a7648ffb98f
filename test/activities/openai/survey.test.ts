import { openai as provider } from '../../../activities/openai/provider.js';
import { labelOf } from '../../../src/store/intents.js';
import type { VersionRef } from '../../../src/domain/version.js';
import { linesOf, patternOf } from '../../contracts/requests.js';
import { type Bench, failureOf, startBench } from '../bench.js';
import { type OpenAiFixture, startOpenAiFixture } from './fixture.js';

let bench: Bench;
let fixture: OpenAiFixture;
let old: VersionRef;
let current: VersionRef;

beforeEach(async () => {
  bench = await startBench();
  fixture = await startOpenAiFixture(bench);
  const first = await bench.rotate();
  await bench.attempt(() => fixture.openai.create(first.next));
  await bench.attempt(() => fixture.openai.accepts(first.next));
  await bench.promote(first.next);
  const second = await bench.rotate();
  [old, current] = [second.current!, second.next];
  await bench.attempt(() => fixture.openai.create(current));
  await bench.promote(current);
});
afterEach(async () => {
  await fixture.lab.stop();
  await bench.close();
});

const look = () => bench.attempt(() => fixture.openai.survey('openai'));
const label = (version: number, credential = 'openai') =>
  labelOf(bench.store.installation, { credential, version, nonce: '0123456789ab' });
const idOf = async (ref: VersionRef) => (await bench.store.read(ref)).providerId!.replace('service_account/', '');

async function sentBy(work: () => Promise<unknown>): Promise<string> {
  const before = fixture.lab.requests.length;
  await bench.attempt(work);
  return linesOf(fixture.lab.requests.slice(before));
}

it('calls no key refused that one server of several still lets through', async () => {
  await fixture.lab.stop();
  fixture = await startOpenAiFixture(bench, { deletionLagMs: 60_000, lateEvery: 3 });
  fixture.account.propagationMs = 60;
  const { next } = await bench.rotate();
  await bench.attempt(() => fixture.openai.create(next));
  await bench.promote(next);
  fixture.lab.killKey(fixture.lab.keys()[0]?.id ?? '');

  const { versions } = await look();

  expect(versions.at(-1)).toMatchObject({ number: 3, verdict: 'accepted' });
});

it("attributes what carries this credential's exact label, and nothing else", async () => {
  const names = [label(9), label(9, 'another'), `${label(9)} copy`, `x${label(9)}`, 'somebody'];
  for (const name of names) fixture.lab.createServiceAccount(name);
  fixture.lab.createUserKey('by hand');

  const { orphans } = await look();

  expect(orphans.map(({ madeFor }) => madeFor)).toEqual([9, null, null, null, null, null]);
});

it('attributes what was made under a name that the credential had, and what is made under its new one', async () => {
  await bench.store.close(current, 'retired', null);
  await bench.store.rename({ credential: 'openai', to: 'llm', actor: 'ada' });
  for (const name of [label(9), label(9, 'llm')]) fixture.lab.createServiceAccount(name);

  const { orphans } = await bench.attempt(() => fixture.openai.survey('llm'));

  expect(orphans.map(({ madeFor }) => madeFor)).toEqual([9, 9]);
});

it('attributes nothing that a forgotten credential of the same name may have made', async () => {
  await bench.store.close(current, 'retired', null);
  await bench.store.forget('openai', [1, 2], 'ada');
  await bench.adopt({ key: fixture.lab.createUserKey('by hand').value });
  for (const version of [1, 2, 3]) fixture.lab.createServiceAccount(label(version));

  const { orphans } = await look();

  const ours = orphans.filter(({ madeFor }) => madeFor !== null).map(({ name }) => name);
  expect(ours).toEqual([label(3)]);
});

it('does not attribute a label that another credential could have given', async () => {
  const row = { name: 'a_b', procedure: 'openai-api-key', account: 'a test' };
  await bench.store.claim(row, []);
  await bench.store.claim({ ...row, name: 'a-b' }, []);
  fixture.lab.createServiceAccount(label(9, 'a_b'));

  const { orphans } = await bench.attempt(() => fixture.openai.survey('a_b'));

  expect(orphans.find(({ name }) => name === label(9, 'a_b'))).toMatchObject({ madeFor: null });
});

describe('Deleting what carries our label', () => {
  const remove = (id: string) => () => fixture.openai.deleteOrphan({ version: current, id: `service_account/${id}` });

  it('needs fresh proof of the current version, which is taken by now, and the fence', async () => {
    const { id, keys } = fixture.lab.createServiceAccount(label(9));

    await bench.attempt(remove(id));
    await bench.attempt(remove(id)); // repeatable

    expect(fixture.lab.works(keys[0]!.value)).toBe(false);
  });

  it('stops without that proof, or without the fence', async () => {
    const { id, keys } = fixture.lab.createServiceAccount(label(9));
    await bench.prove(current, 'document', 'failed');
    expect(await failureOf(bench.attempt(remove(id)))).toMatchObject({ type: 'StaleProof' });
    await bench.prove(current, 'document');

    await bench.rotate();

    expect(await failureOf(bench.attempt(remove(id)))).toMatchObject({ type: 'FenceLost' });
    expect(fixture.lab.works(keys[0]!.value)).toBe(true);
  });

  it('leaves alone what does not carry it, and what has become several keys', async () => {
    const somebodys = fixture.lab.createServiceAccount('somebody');
    const shared = fixture.lab.createServiceAccount(label(9), 2);

    for (const { id, keys } of [somebodys, shared]) {
      expect(await failureOf(bench.attempt(remove(id)))).toMatchObject({ type: 'NeedsDecision' });
      expect(fixture.lab.works(keys[0]!.value)).toBe(true);
    }
  });

  it('leaves a version of the store alone, whatever it is called', async () => {
    await bench.attempt(remove(await idOf(old)));

    expect(fixture.lab.keys().filter(({ deleted }) => deleted)).toEqual([]);
  });
});

it('declares what survey and deleteOrphan send where lists have pages', async () => {
  const { id } = fixture.lab.createServiceAccount(label(9));
  for (let count = 0; count < 150; count += 1) fixture.lab.createUserKey(`other ${count}`);
  const { openai } = fixture;

  expect(await sentBy(() => openai.survey('openai'))).toMatch(patternOf(provider.requests.survey, '/v1'));
  const orphan = { version: current, id: `service_account/${id}` };
  expect(await sentBy(() => openai.deleteOrphan(orphan))).toMatch(patternOf(provider.requests.deleteOrphan, '/v1'));
});
