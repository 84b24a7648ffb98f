import { endpoints } from '../../../activities/openai/requests.js';
import type { VersionRef } from '../../../src/domain/version.js';
import type { OpenAiLabAccount } from '../../../src/lab/openai/server.js';
import { type Bench, failureOf, startBench } from '../bench.js';
import { labPath, type OpenAiFixture, startOpenAiFixture } from './fixture.js';

let bench: Bench;
let fixture: OpenAiFixture;
let next: VersionRef;

beforeEach(async () => {
  bench = await startBench();
  fixture = await startOpenAiFixture(bench);
  ({ next } = await bench.rotate());
});
afterEach(async () => {
  await fixture.lab.stop();
  await bench.close();
});

const create = (version = next): Promise<void> => bench.attempt(() => fixture.openai.create(version));
const destroy = (version: VersionRef): Promise<void> => bench.attempt(() => fixture.openai.remove(version));
const identify = (version: VersionRef): Promise<void> => bench.attempt(() => fixture.openai.identify(version));
const working = () => fixture.lab.keys().filter(({ value }) => fixture.lab.works(value));
const outcomes = async (): Promise<string[]> =>
  (await bench.store.intents(bench.credential)).map(({ outcome }) => outcome);

describe('creating', () => {
  it('names the account after the attempt, so that nobody else can have made it', async () => {
    await create();

    const [intent] = await bench.store.intents(bench.credential);
    expect(fixture.lab.keys()).toMatchObject([{ accountName: intent?.label }]);
    expect(await bench.store.read(next)).toMatchObject({
      state: 'candidate',
      providerId: `service_account/${fixture.lab.keys()[0]?.accountId}/api_key/${fixture.lab.keys()[0]?.id}`,
    });
  });

  it('deletes what lost attempts of an earlier rotation made, and nothing with a similar name', async () => {
    fixture.lab.faults.add({ method: 'POST', path: labPath(endpoints.createAccount), kind: 'reset-after' });
    await failureOf(create());
    const [lost] = await bench.store.intents(bench.credential);
    fixture.lab.createServiceAccount(`${lost?.label}-of-somebody`);
    const later = await bench.rotate();

    await create(later.next);

    expect(working().map(({ accountName }) => accountName)).toEqual([
      `${lost?.label}-of-somebody`,
      (await bench.store.intents(bench.credential))[1]?.label,
    ]);
    expect(await outcomes()).toEqual(['deleted', 'kept']);
  });

  it('finds what a lost attempt made behind hundreds of other accounts', async () => {
    for (let count = 0; count < 230; count += 1) fixture.lab.createServiceAccount(`other ${count}`);
    fixture.lab.faults.add({ method: 'POST', path: labPath(endpoints.createAccount), kind: 'reset-after' });
    await failureOf(create());

    await create();

    expect(working()).toHaveLength(231);
    expect(await outcomes()).toEqual(['deleted', 'kept']);
  });

  it('asks when somebody gave the account of a lost attempt another key', async () => {
    const lost = await bench.store.intend(next);
    fixture.lab.createServiceAccount(lost.label, 2);

    const failure = await failureOf(create());

    expect(failure).toMatchObject({ type: 'NeedsDecision', nonRetryable: true });
    expect(working()).toHaveLength(2);
  });

  it('leaves an attempt open that may still be under way', async () => {
    bench.clockOffsetMs = -61_000;
    await bench.store.intend(next);
    bench.clockOffsetMs = -30_000;
    await bench.store.intend(next);
    bench.clockOffsetMs = 0;

    await create();

    expect(await outcomes()).toEqual(['nothing-made', 'open', 'kept']);
  });

  it('deletes an account that came without a key, and says so', async () => {
    const { id } = fixture.lab.createServiceAccount('made', 0);
    const body = JSON.stringify({ id, api_key: null });
    fixture.lab.faults.add({ method: 'POST', path: labPath(endpoints.createAccount), kind: { status: 200, body } });

    const failure = await failureOf(create());

    expect(failure).toMatchObject({ type: 'Rejected', nonRetryable: true });
    const path = expect.stringContaining(id) as string;
    expect(fixture.lab.requests).toContainEqual(expect.objectContaining({ method: 'DELETE', status: 200, path }));
    expect(await outcomes()).toEqual(['deleted']);
  });

  it('says what to do when the project is the Default one', async () => {
    fixture.account.project = fixture.lab.defaultProject;

    const failure = await failureOf(create());

    expect(failure).toMatchObject({ type: 'Rejected', nonRetryable: true });
    expect(failure.message).toMatch(
      /neither the Default project nor an archived one.*Create a project for DocuElevate/,
    );
  });

  it('says which right the admin key lacks', async () => {
    fixture.account.adminKey = fixture.lab.readOnlyAdminKey;

    expect((await failureOf(create())).message).toMatch(/"Organization Administration: write"/);
  });

  it('makes nothing for a rotation that is not the writer any more', async () => {
    await bench.rotate();

    expect(await failureOf(create())).toMatchObject({ type: 'FenceLost' });
    expect(fixture.lab.requests).toEqual([]);
  });

  it('makes nothing for a run that another one goes on for', async () => {
    await bench.store.handOver(next, { ...bench.writer, runId: 'run-2' });

    expect(await failureOf(create())).toMatchObject({ type: 'FenceLost' });
    expect(fixture.lab.requests).toEqual([]);
  });
});

describe('a deletion that OpenAI only says it made', () => {
  const gone = { status: 200, body: JSON.stringify({ deleted: true }) };

  it('leaves a lost attempt open, and is asked for again', async () => {
    fixture.lab.faults.add({ method: 'POST', path: labPath(endpoints.createAccount), kind: 'reset-after' });
    await failureOf(create());
    fixture.lab.faults.add({ method: 'DELETE', path: '*', kind: gone });

    const failure = await failureOf(create());
    const meanwhile = await outcomes();
    await create();

    expect(failure).toMatchObject({ type: 'Unavailable', nonRetryable: false });
    expect(meanwhile[0]).toBe('open');
    expect((await outcomes())[0]).toBe('deleted');
    expect(working()).toHaveLength(1);
  });
});

describe('configured scopes', () => {
  const scopes = ['api.model.read', 'model.request'];

  it('are those of the key that comes with its account, and of each one after it', async () => {
    fixture.account.keyScopes = scopes;
    await create();
    await bench.promote(next);
    const later = await bench.rotate();

    await create(later.next);

    expect(fixture.lab.keys().map((key) => key.scopes)).toEqual([scopes, scopes]);
    expect(new Set(fixture.lab.keys().map(({ accountId }) => accountId)).size).toBe(1);
  });

  it('that OpenAI refuses are told, and what was made for them goes with the roll back', async () => {
    fixture.account.keyScopes = ['no.such.scope'];
    fixture.lab.faults.add({ method: 'POST', path: labPath(endpoints.scopeKey), kind: { status: 400 } });
    const failure = await failureOf(create());
    await bench.store.move(next, 'discarding');
    await destroy(next);

    expect(failure).toMatchObject({ type: 'Rejected', nonRetryable: true });
    expect(failure.message).toContain('keyScopes');
    expect(working()).toEqual([]);
    expect(await outcomes()).toEqual(['deleted']);
  });
});

describe('policies on keys', () => {
  const day = 86_400;
  const bodies = () => fixture.lab.requests.filter(({ method }) => method === 'POST').length;
  const ends = async () => (await bench.store.evidence(next)).find(({ kind }) => kind === 'ends');

  it('that demand an end are met with the longest lifetime they take, which is kept', async () => {
    fixture.lab.setPolicy({ longestSeconds: 60 * day });

    await create();

    expect(bodies()).toBe(5); // without an end, 365, 180, 90 and 60 days
    const made = (await ends())?.providerTime ?? 0;
    expect(Math.round((made - Date.now() / 1000) / day)).toBe(60);
    expect(working()).toHaveLength(1);
    expect(await outcomes()).toEqual(['kept']);
  });

  it('are met with the configured lifetime at once, and a longer one is told', async () => {
    fixture.lab.setPolicy({ longestSeconds: 30 * day });
    fixture.account.keyLifetimeMs = 31 * day * 1000;
    const failure = await failureOf(create());
    fixture.account.keyLifetimeMs = 30 * day * 1000;
    await create();

    expect(failure).toMatchObject({ type: 'Rejected', nonRetryable: true });
    expect(failure.message).toContain('refuses the configured keyLifetime');
    expect(bodies()).toBe(2);
  });

  it('that allow none are told as that, and not as the Default project', async () => {
    fixture.lab.setPolicy({ noKeys: true });

    const failure = await failureOf(create());

    expect(failure).toMatchObject({ type: 'Rejected', nonRetryable: true });
    expect(failure.message).toMatch(/neither the Default project nor archived: a policy .* may forbid keys/);
    expect(await outcomes()).toEqual(['nothing-made']);
  });

  it('make an end that check and reconcile see, also of an adopted key', async () => {
    fixture.lab.setPolicy({ longestSeconds: 60 * day });
    await create();
    await bench.promote(next);

    const checks = await bench.attempt(() => fixture.openai.checkAccess(bench.credential));
    await bench.attempt(() => fixture.openai.survey(bench.credential));

    const end = checks.find(({ what }) => what === 'expiry of the key');
    expect(end).toMatchObject({ ok: true, warning: true });
    expect(end?.detail).toMatch(/it expires at .*; it is due before that/);
    expect((await bench.store.evidence(next)).filter(({ kind }) => kind === 'ends')).toHaveLength(1);
  });
});

describe('deleting', () => {
  /** Version 1 with this value and id, replaced by version 2. */
  async function replaced(key: string, providerId: string | null): Promise<VersionRef> {
    await bench.store.close(next, 'failed', 'the test adopts');
    const adopted = await bench.adopt({ key });
    if (providerId !== null) await bench.store.note(adopted, { providerId });
    const rotation = await bench.rotate();
    await create(rotation.next);
    await bench.promote(rotation.next);
    return rotation.current!;
  }

  it('deletes nothing without fresh proof', async () => {
    const user = fixture.lab.createUserKey('by hand');
    const old = await replaced(user.value, `api_key/${user.id}`);
    await bench.prove(old, 'idle', 'failed');

    const failure = await failureOf(destroy(old));

    expect(failure).toMatchObject({ type: 'StaleProof', nonRetryable: true });
    expect(fixture.lab.works(user.value)).toBe(true);
  });

  it('deletes nothing on proof that is older than ten minutes', async () => {
    const user = fixture.lab.createUserKey('by hand');
    bench.clockOffsetMs = -11 * 60_000;
    const old = await replaced(user.value, `api_key/${user.id}`);
    bench.clockOffsetMs = 0;

    expect(await failureOf(destroy(old))).toMatchObject({ type: 'StaleProof' });
    expect(fixture.lab.works(user.value)).toBe(true);
  });

  it("deletes a person's key by its id", async () => {
    const user = fixture.lab.createUserKey('by hand');
    const old = await replaced(user.value, `api_key/${user.id}`);

    await destroy(old);
    await destroy(old);

    expect(fixture.lab.works(user.value)).toBe(false);
    expect(working()).toHaveLength(1);
    expect(await bench.store.read(old)).toMatchObject({ provider: 'unknown' });
  });

  it('asks instead of deleting an account that holds other keys as well', async () => {
    const shared = fixture.lab.createServiceAccount('shared', 2);
    const old = await replaced(shared.keys[0]?.value ?? '', `service_account/${shared.id}`);

    const failure = await failureOf(destroy(old));

    expect(failure).toMatchObject({ type: 'NeedsDecision' });
    for (const { id } of shared.keys) expect(failure.message).toContain(id);
    expect(working()).toHaveLength(3);
  });

  it('asks for the id of an adopted key that was never found', async () => {
    const old = await replaced(fixture.lab.createUserKey('by hand').value, null);

    expect(await failureOf(destroy(old))).toMatchObject({ type: 'NeedsDecision' });
    expect(working()).toHaveLength(2);
  });

  it('sweeps what lost attempts made when the version is discarded', async () => {
    fixture.lab.faults.add({ method: 'POST', path: labPath(endpoints.createAccount), times: 2, kind: 'reset-after' });
    await failureOf(create());
    expect(working()).toHaveLength(1);
    await bench.store.move(next, 'discarding');

    await destroy(next);

    expect(working()).toEqual([]);
    expect(await outcomes()).toEqual(['deleted']);
  });

  it('does not discard a value that the engine may hold', async () => {
    await create();
    await bench.store.note(next, { engine: 'maybe' });
    await bench.store.move(next, 'discarding');

    expect(await failureOf(destroy(next))).toMatchObject({ type: 'StaleProof' });
    expect(working()).toHaveLength(1);
  });

  it('deletes a compromised key at once, proof or no proof', async () => {
    const user = fixture.lab.createUserKey('leaked');
    const old = await replaced(user.value, `api_key/${user.id}`);
    await bench.prove(old, 'idle', 'failed');
    await bench.store.note(old, { compromised: true });

    await destroy(old);

    expect(fixture.lab.works(user.value)).toBe(false);
  });
});

describe('a list with an entry that nobody can read', () => {
  const stranger = { id: 'key_stranger', redacted_value: 'sk-…', owner: null };
  const answer = (...data: unknown[]) => ({
    status: 200,
    body: JSON.stringify({ object: 'list', data, has_more: false }),
  });
  const odd = (times = Number.POSITIVE_INFINITY): void => {
    for (const list of [endpoints.listKeys, endpoints.listAccounts])
      fixture.lab.faults.add({ method: 'GET', path: labPath(list), times, kind: answer(stranger, { id: 7 }, 'what?') });
  };

  it('keeps nobody from ending a key that leaked, with whatever a lost attempt has left', async () => {
    fixture.lab.faults.add({ method: 'POST', path: labPath(endpoints.createAccount), kind: 'reset-after' });
    await failureOf(create());
    await create();
    await bench.store.note(next, { compromised: true });
    const { value } = working().at(-1)!;
    odd();

    await destroy(next);

    expect(fixture.lab.works(value)).toBe(false);
  });

  it('keeps nobody from ending a key that leaked where the list cannot be had at all', async () => {
    fixture.lab.faults.add({ method: 'POST', path: labPath(endpoints.createAccount), kind: 'reset-before' });
    await failureOf(create());
    await create();
    expect(await outcomes()).toEqual(['open', 'kept']);
    await bench.store.note(next, { compromised: true });
    const { value } = working()[0]!;
    for (const list of [endpoints.listKeys, endpoints.listAccounts])
      fixture.lab.faults.add({
        method: 'GET',
        path: labPath(list),
        times: Number.POSITIVE_INFINITY,
        kind: { status: 200, body: '{}' },
      });

    await destroy(next).catch(() => undefined);

    expect(fixture.lab.works(value)).toBe(false);
  });

  it.each([
    ['brings the same again', () => ({ id: 'key_stranger' }), 3],
    ['goes on for ever', (page: number) => ({ id: `key_${page}` }), 201],
  ])('is given up where it %s', async (_, entry, most) => {
    const before = fixture.lab.requests.length;
    for (let page = 0; page < 300; page += 1) {
      const body = JSON.stringify({ data: [entry(page)], has_more: true });
      fixture.lab.faults.add({ method: 'GET', path: labPath(endpoints.listAccounts), kind: { status: 200, body } });
    }

    await bench.attempt(() => fixture.openai.survey(bench.credential)).catch(() => undefined);

    expect(fixture.lab.requests.length - before).toBeLessThanOrEqual(most);
  });

  it('shows it, as nothing of ours', async () => {
    odd();

    const { orphans } = await bench.attempt(() => fixture.openai.survey(bench.credential));

    expect(orphans).toContainEqual({
      id: 'api_key/key_stranger',
      name: 'key_stranger',
      madeFor: null,
      lastUsedAt: null,
    });
  });

  it('is still the version whose key has its id', async () => {
    await create();
    const [{ id } = { id: '' }] = working();
    const kind = answer({ id, owner: null });
    fixture.lab.faults.add({ method: 'GET', path: labPath(endpoints.listKeys), times: Number.POSITIVE_INFINITY, kind });

    const { versions, orphans } = await bench.attempt(() => fixture.openai.survey(bench.credential));

    expect(versions.at(-1)).toMatchObject({ number: next.number, verdict: 'listed' });
    expect(orphans.filter((orphan) => orphan.id.includes(id))).toEqual([]);
    expect(await failureOf(bench.attempt(() => fixture.openai.sawUse(next)))).toMatchObject({ type: 'NotSeenYet' });
  });

  it('takes no account away as a whole unattended, because the key may be one of it', async () => {
    const account = fixture.lab.createServiceAccount('documents');
    await bench.store.close(next, 'failed', 'the test adopts');
    const old = await bench.adopt({ key: account.keys[0]?.value ?? '' });
    await bench.store.note(
      { ...old, fence: (await bench.rotate()).next.fence },
      { providerId: `service_account/${account.id}` },
    );
    ({ next } = await bench.rotate());
    await create();
    await bench.promote(next);
    odd();

    expect(await failureOf(destroy({ ...old, fence: next.fence }))).toMatchObject({ type: 'NeedsDecision' });
    await bench.store.note({ ...old, fence: next.fence }, { compromised: true });
    await destroy({ ...old, fence: next.fence });
    expect(fixture.lab.works(account.keys[0]?.value ?? '')).toBe(false);
  });
});

describe('an account that lasts', () => {
  /** The value in force, the only key of an account that somebody made or one of several. */
  async function adopted(keys = 1): Promise<OpenAiLabAccount> {
    await bench.store.close(next, 'failed', 'the test adopts');
    const account = fixture.lab.createServiceAccount('documents', keys);
    await identify(await bench.adopt({ key: account.keys[0]?.value ?? '' }));
    return account;
  }

  async function rotateOnce(): Promise<VersionRef> {
    const rotation = await bench.rotate();
    await create(rotation.next);
    await bench.promote(rotation.next);
    await destroy(rotation.current!);
    return rotation.next;
  }

  it('keeps one key after three rotations in a row', async () => {
    const { id } = await adopted();

    for (let rotations = 0; rotations < 3; rotations += 1) await rotateOnce();

    expect(working()).toMatchObject([{ accountId: id, accountName: 'documents' }]);
    expect(new Set(fixture.lab.keys().map(({ accountId }) => accountId))).toEqual(new Set([id]));
    expect(fixture.lab.keys()).toHaveLength(4);
    const labels = (await bench.store.intents(bench.credential)).map(({ label }) => label);
    expect(fixture.lab.keys().map(({ name }) => name)).toEqual(['Secret key', ...labels]);
  });

  it('keeps the keys of others', async () => {
    const { keys } = await adopted(2);

    await rotateOnce();

    expect(fixture.lab.works(keys[0]?.value ?? '')).toBe(false);
    expect(fixture.lab.works(keys[1]?.value ?? '')).toBe(true);
    expect(working()).toHaveLength(2);
  });

  it('stays when what was made in it is taken back', async () => {
    const { keys } = await adopted();
    const { next: made } = await bench.rotate();
    await create(made);
    await bench.store.move(made, 'discarding');

    await destroy(made);

    expect(working().map(({ id }) => id)).toEqual([keys[0]?.id]);
  });

  it('goes when it was made for the very version that is taken back', async () => {
    await create();
    await bench.store.move(next, 'discarding');

    await destroy(next);

    expect(fixture.lab.requests.at(-1)?.path).toMatch(/service_accounts\/svc_acct_/);
    expect(working()).toEqual([]);
  });

  it('has nothing of an attempt whose answer was lost: its key is found by its name', async () => {
    const { keys } = await adopted();
    const { next: made } = await bench.rotate();
    fixture.lab.faults.add({ method: 'POST', path: labPath(endpoints.createKey), kind: 'reset-after' });
    await failureOf(create(made));
    expect(working()).toHaveLength(2);

    await create(made);

    expect(working()).toMatchObject([{ id: keys[0]?.id }, { name: (await bench.store.intents('openai'))[1]?.label }]);
    expect(await outcomes()).toEqual(['deleted', 'kept']);
  });

  it('is made anew when somebody deleted it', async () => {
    const { id } = await adopted();
    const url = `${fixture.lab.baseUrl}/organization/projects/${fixture.lab.project}/service_accounts/${id}`;
    await fetch(url, { method: 'DELETE', headers: { authorization: `Bearer ${fixture.lab.adminKey}` } });
    const { next: made } = await bench.rotate();

    await create(made);

    const [intent] = await bench.store.intents(bench.credential);
    expect(working()).toMatchObject([{ accountName: intent?.label }]);
  });

  describe('where OpenAI deletes keys with their account alone', () => {
    beforeEach(async () => {
      await fixture.lab.stop();
      fixture = await startOpenAiFixture(bench, { deletesWithAccount: true });
    });

    it('goes with its only key', async () => {
      await bench.store.close(next, 'failed', 'the test adopts');
      const { id, keys } = fixture.lab.createServiceAccount('documents');
      const old = await bench.adopt({ key: keys[0]?.value ?? '' });
      await identify(old);
      await bench.store.note({ ...old, fence: (await bench.rotate()).next.fence }, { compromised: true });

      await destroy({ ...old, fence: (await bench.rotate()).next.fence });

      expect(fixture.lab.works(keys[0]?.value ?? '')).toBe(false);
      expect(fixture.lab.requests.at(-1)).toMatchObject({
        method: 'DELETE',
        path: expect.stringContaining(id) as string,
      });
    });

    it('is not deleted with the key that is in force, and the next version gets an account of its own', async () => {
      const { id } = await adopted();
      const rotation = await bench.rotate();
      await create(rotation.next);
      await bench.promote(rotation.next);

      const failure = await failureOf(destroy(rotation.current!));
      const later = await bench.rotate();
      await create(later.next);

      expect(failure).toMatchObject({ type: 'NeedsDecision' });
      expect(failure.message).toContain(`service account ${id} holds other keys`);
      expect(working().map(({ accountId }) => accountId === id)).toEqual([true, true, false]);
    });
  });
});

describe('identifying an adopted key', () => {
  async function adopt(key: string): Promise<VersionRef> {
    await bench.store.close(next, 'failed', 'the test adopts');
    return bench.adopt({ key });
  }

  it("finds a person's key", async () => {
    for (let count = 0; count < 120; count += 1) fixture.lab.createUserKey(`other ${count}`);
    const user = fixture.lab.createUserKey('by hand');
    const version = await adopt(user.value);

    await identify(version);

    expect(await bench.store.read(version)).toMatchObject({ providerId: `api_key/${user.id}` });
  });

  it("finds a service account's only key", async () => {
    fixture.lab.createServiceAccount('another');
    const account = fixture.lab.createServiceAccount('documents');
    const version = await adopt(account.keys[0]?.value ?? '');

    await identify(version);

    const [key] = account.keys;
    expect(await bench.store.read(version)).toMatchObject({
      providerId: `service_account/${account.id}/api_key/${key?.id}`,
    });
  });

  it('finds one of several keys of an account', async () => {
    const { id, keys } = fixture.lab.createServiceAccount('documents', 2);
    const version = await adopt(keys[1]?.value ?? '');

    await identify(version);

    expect(await bench.store.read(version)).toMatchObject({
      providerId: `service_account/${id}/api_key/${keys[1]?.id}`,
    });
  });

  it('finds the key of an account that has no access to the project any more', async () => {
    const accounts = `${fixture.lab.baseUrl}/organization/projects/${fixture.lab.project}/service_accounts`;
    const post = async (url: string, body: object): Promise<{ id: string; value: string }> => {
      const headers = { authorization: `Bearer ${fixture.lab.adminKey}` };
      const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
      return (await response.json()) as { id: string; value: string };
    };
    const account = await post(accounts, { name: 'documents', create_service_account_only: true });
    const key = await post(`${accounts}/${account.id}/api_keys`, {});
    const version = await adopt(key.value);

    await identify(version);

    expect(await bench.store.read(version)).toMatchObject({
      providerId: `service_account/${account.id}/api_key/${key.id}`,
    });
  });
});
