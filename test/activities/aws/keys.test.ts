import { endpoints } from '../../../activities/aws/requests.js';
import type { VersionRef } from '../../../src/domain/version.js';
import { type Bench, failureOf, startBench } from '../bench.js';
import { type AwsFixture, startAwsFixture } from './fixture.js';

let bench: Bench;
let fixture: AwsFixture;
let next: VersionRef;

beforeEach(async () => {
  bench = await startBench();
  fixture = await startAwsFixture(bench);
});
afterEach(async () => {
  await fixture.lab.stop();
  await bench.close();
});

/** Adopts a key that a person has made, and opens the first rotation. */
async function adopted(): Promise<VersionRef> {
  const { id, secret } = fixture.lab.createByHand();
  const version = await bench.adopt({ id, secret });
  await bench.attempt(() => fixture.aws.identify(version));
  ({ next } = await bench.rotate());
  return { ...version, fence: next.fence };
}

const create = (version = next): Promise<void> => bench.attempt(() => fixture.aws.create(version));
const accepts = (version: VersionRef) => bench.untilDone(() => fixture.aws.accepts(version));
const deactivate = (version: VersionRef): Promise<void> => bench.attempt(() => fixture.aws.deactivate(version));
const destroy = (version: VersionRef): Promise<void> => bench.attempt(() => fixture.aws.remove(version));
const listed = () => fixture.lab.keys().filter(({ deleted }) => !deleted);
const working = () => listed().filter(({ works }) => works);
const outcomes = async (): Promise<string[]> =>
  (await bench.store.intents(bench.credential)).map(({ outcome }) => outcome);
const requests = ({ path }: { readonly path: string }): number =>
  fixture.lab.requests.filter((request) => request.path === path).length;
const loseAnswer = (): void => fixture.lab.faults.add({ ...endpoints.createKey, kind: 'reset-after' });

describe('creating', () => {
  it('does not believe that what a lost attempt made is deleted while AWS lists it', async () => {
    await adopted();
    loseAnswer();
    await failureOf(create());
    fixture.lab.faults.add({ ...endpoints.deleteKey, kind: { status: 200, body: '<DeleteAccessKeyResponse/>' } });

    expect(await failureOf(create())).toMatchObject({ type: 'Unavailable', nonRetryable: false });
    expect(await outcomes()).toContain('open');
    await create();

    expect(await outcomes()).toEqual(['deleted', 'nothing-made', 'kept']);
    expect(listed()).toHaveLength(2);
  });

  it('is asked for once: the client library does not repeat it when the answer is lost or a 500', async () => {
    await adopted();
    loseAnswer();
    await failureOf(create());
    expect(requests(endpoints.createKey)).toBe(1);
    expect(listed()).toHaveLength(2);

    fixture.lab.faults.add({ ...endpoints.createKey, kind: { status: 500 } });
    await failureOf(create());

    expect(requests(endpoints.createKey)).toBe(2);
  });

  it('deletes the key of a lost attempt, which would fill the second place, and nothing else', async () => {
    await adopted();
    const [theirs] = listed();
    loseAnswer();
    await failureOf(create());

    await create();

    expect(await outcomes()).toEqual(['deleted', 'kept']);
    expect(working().map(({ id }) => id)).toEqual([theirs?.id, (await bench.store.read(next)).providerId]);
  });

  it('asks about the key of a lost attempt where somebody else may make keys, and goes on once that is settled', async () => {
    await adopted();
    fixture.account.exclusive = false;
    loseAnswer();
    await failureOf(create());
    const lost = listed()[1];

    const failure = await failureOf(create());

    expect(failure).toMatchObject({ type: 'NeedsDecision', nonRetryable: true });
    expect(failure.message).toContain(`${lost?.id} of ${fixture.lab.user} is new`);
    expect(working()).toHaveLength(2);
    fixture.lab.deleteByHand(lost?.id ?? '');
    await create();
    expect(working()).toHaveLength(2);
  });

  it('leaves a new key alone that was used: it is somebody else, whatever was declared', async () => {
    await adopted();
    fixture.lab.faults.add({ ...endpoints.createKey, kind: 'reset-before' });
    await failureOf(create());
    const theirs = fixture.lab.createByHand();
    fixture.lab.use(theirs.id);

    const failure = await failureOf(create());

    expect(failure.message).toContain(`${theirs.id} of ${fixture.lab.user} is new and was used`);
    expect(working().map(({ id }) => id)).toContain(theirs.id);
  });

  it('reports a stranger in the second place and never deletes it, also one that is switched off', async () => {
    const theirs = fixture.lab.createByHand();
    await adopted();
    fixture.lab.switchByHand(theirs.id, false);

    const failure = await failureOf(create());

    expect(failure).toMatchObject({ type: 'NeedsDecision', nonRetryable: true });
    expect(failure.message).toContain(`${theirs.id} (not created by Keyturn; inactive`);
    expect(listed()).toHaveLength(2);
    expect(requests(endpoints.createKey)).toBe(0);
    expect(await outcomes()).toEqual(['nothing-made']);
  });

  it('frees the place that a version takes which has ended', async () => {
    const old = await adopted();
    await create();
    await bench.promote(next);
    await deactivate(old);
    await bench.store.move(old, 'retired', 'attested'); // its deletion was passed over
    const { next: third } = await bench.rotate();

    await create(third);

    const ids = await Promise.all([next, third].map(async (version) => (await bench.store.read(version)).providerId));
    expect(listed().map(({ id }) => id)).toEqual(ids);
  });

  it('does not delete a version that still works on the word that it has ended', async () => {
    const old = await adopted();
    await create();
    await bench.promote(next);
    await bench.store.move(old, 'retired', 'attested');
    const { next: third } = await bench.rotate();

    expect((await failureOf(create(third))).message).toContain(`version ${old.number}, which is retired; active`);
    expect(working()).toHaveLength(2);
  });

  it('says which version takes the second place, where one has not ended', async () => {
    const old = await adopted();
    await create();
    await bench.promote(next);
    const { next: third } = await bench.rotate();

    const failure = await failureOf(create(third));

    expect(failure.message).toContain(`version ${old.number}, which is retiring; active`);
    expect(working()).toHaveLength(2);
  });

  it('waits when AWS counts a key that it does not list yet', async () => {
    await adopted();
    fixture.lab.faults.add({ ...endpoints.createKey, kind: { status: 409, body: limitExceeded } });

    expect(await failureOf(create())).toMatchObject({ type: 'Unavailable', nonRetryable: false });
    await create();

    expect(await outcomes()).toEqual(['nothing-made', 'kept']);
  });
});

const limitExceeded =
  '<ErrorResponse><Error><Type>Sender</Type><Code>LimitExceeded</Code><Message>quota</Message></Error></ErrorResponse>';

describe('adopting', () => {
  it("refuses another user's key, which AWS accepts as well", async () => {
    const { id, secret } = fixture.lab.others()[0]!;
    const version = await bench.adopt({ id, secret });

    const failure = await failureOf(accepts(version));

    expect(failure).toMatchObject({ type: 'Rejected', nonRetryable: true });
    expect(failure.message).toContain(`user/colleague, not to the user ${fixture.lab.user}`);
    expect((await failureOf(bench.attempt(() => fixture.aws.identify(version)))).message).toContain(
      'no key that AWS lists matches the adopted value',
    );
  });

  it('shows a wrong secret as such, although the id is right', async () => {
    const { id } = fixture.lab.createByHand();
    const version = await bench.adopt({ id, secret: 'of another key' });
    bench.clockOffsetMs = 120_000;

    const failure = await failureOf(accepts(version));
    expect(failure).toMatchObject({ type: 'Rejected' });
    expect(failure.message).toMatch(/knows the id of the key, but the signature does not match/);
  });
});

describe('the end of a key', () => {
  async function replaced(): Promise<VersionRef> {
    const old = await adopted();
    await accepts(old);
    await create();
    await bench.promote(next);
    return old;
  }

  it('begins with switching it off, which can be taken back, and counts as disabled until it is deleted', async () => {
    const old = await replaced();

    await deactivate(old);
    expect(listed()[0]).toMatchObject({ active: false, works: false });
    expect(await bench.store.read(old)).toMatchObject({ provider: 'disabled' });
    await bench.untilDone(() => fixture.aws.activate(old));
    expect(listed()[0]).toMatchObject({ active: true, works: true });
    const refusal = (await bench.store.evidence(old)).find(({ kind }) => kind === 'refused');
    expect(refusal).toMatchObject({ outcome: 'failed' });
    await deactivate(old);
    await destroy(old);

    expect(listed().map(({ id }) => id)).toEqual([(await bench.store.read(next)).providerId]);
  });

  it('cannot be taken back where AWS goes on refusing the key, which is said', async () => {
    const old = await replaced();
    await deactivate(old);
    fixture.account.propagationMs = 100;
    const refusal = '<ErrorResponse><Error><Code>InvalidClientTokenId</Code></Error></ErrorResponse>';
    fixture.lab.faults.add({ ...endpoints.identify, times: Infinity, kind: { status: 403, body: refusal } });

    const failure = await failureOf(bench.untilDone(() => fixture.aws.activate(old)));

    expect(failure).toMatchObject({ type: 'NeedsDecision' });
    expect(failure.message).toMatch(/was switched on again, but AWS refuses the key: .* 403 InvalidClientTokenId/);
    expect(fixture.lab.requests.filter(({ path }) => path === endpoints.identify.path).length).toBeGreaterThan(4);
  });

  it('of a leaked one does not wait for what a lost attempt has made', async () => {
    await adopted();
    await bench.store.intend(next);
    await create();
    await bench.store.note(next, { compromised: true });
    fixture.lab.faults.add({ ...endpoints.listKeys, kind: { status: 503 } });

    await failureOf(deactivate(next));

    expect(await outcomes()).toEqual(['open', 'kept']);
    expect(listed()[1]).toMatchObject({ active: false });
  });

  it.each(['deactivate', 'remove'] as const)('needs fresh proof: %s', async (verb) => {
    const old = await adopted();
    await create();
    await bench.store.promote(next);

    expect(await failureOf(bench.attempt(() => fixture.aws[verb](old)))).toMatchObject({ type: 'StaleProof' });
    expect(working()).toHaveLength(2);
  });

  it('is not believed while AWS still lists it', async () => {
    const old = await replaced();
    fixture.lab.faults.add({ ...endpoints.deleteKey, kind: { status: 200, body: '<DeleteAccessKeyResponse/>' } });

    expect(await failureOf(destroy(old))).toMatchObject({ type: 'Unavailable', nonRetryable: false });
    await destroy(old);

    expect(listed()).toHaveLength(1);
  });

  it('is final for a compromised one, and temporary credentials that outlive it are denied', async () => {
    const old = await replaced();
    const session = fixture.lab.issueSession();
    await bench.store.note(old, { compromised: true });

    await deactivate(old);

    expect(fixture.lab.deniedBefore).toBeGreaterThan(session.issuedAt);
    expect(await bench.store.evidence(old)).toMatchObject([
      { kind: 'last-use', outcome: 'proved', detail: expect.stringContaining('AWS last saw it used at') as string },
      { kind: 'sessions', outcome: 'not-observable', detail: expect.stringContaining('within minutes') as string },
      { kind: 'idle' },
      { kind: 'accepted' },
    ]);
    expect(await failureOf(bench.attempt(() => fixture.aws.activate(old)))).toMatchObject({ type: 'NeedsDecision' });
  });

  it('reports temporary credentials that outlive it where Keyturn may not deny them', async () => {
    const old = await replaced();
    fixture.lab.forbid('iam:PutUserPolicy');
    await bench.store.note(old, { compromised: true });

    await deactivate(old);

    expect(fixture.lab.deniedBefore).toBeNull();
    const [, sessions] = await bench.store.evidence(old);
    expect(sessions).toMatchObject({ kind: 'sessions', outcome: 'not-observable' });
    expect(sessions?.detail).toContain(
      'stay valid until they expire: Keyturn has no iam:PutUserPolicy on it; sessions of roles',
    );
  });

  it('is looked at again after it settled: a policy that somebody took away is put back', async () => {
    const old = await replaced();
    await bench.store.note(old, { compromised: true });
    await deactivate(old);
    await destroy(old);
    const [kept] = await bench.store.evidence(old);
    fixture.lab.allowSessions();
    await destroy(old);

    expect(kept).toMatchObject({ kind: 'sessions', outcome: 'not-observable' });
    expect(kept?.detail).toMatch(/was still there at a second check; sessions of roles .* revoke them at the role/);
    expect(fixture.lab.deniedBefore).not.toBeNull();
  });

  it('is not over while a key that was made with the leaked one lives on', async () => {
    const old = await replaced();
    await bench.store.note(old, { compromised: true });
    await deactivate(old);
    fixture.lab.deleteByHand((await bench.store.read(next)).providerId ?? '');
    const { id } = fixture.lab.createByHand(); // within the seconds in which the old one still worked

    const failure = await failureOf(destroy(old));

    expect(failure).toMatchObject({ type: 'NeedsDecision' });
    expect(failure.message).toContain(`${id} of ${fixture.lab.user} was created while the leaked key still worked`);
    expect(listed().map((key) => key.id)).toEqual([id]); // the leaked one is gone all the same
    fixture.lab.deleteByHand(id);
    await destroy(old);
  });

  it('takes what a lost attempt made along, when the version never got a value', async () => {
    await adopted();
    loseAnswer();
    await failureOf(create());
    await bench.store.move(next, 'discarding');

    await destroy(next);

    expect(listed()).toHaveLength(1);
    expect(await outcomes()).toEqual(['deleted']);
  });
});

it('takes a lost key that is gone by the time it is asked about for deleted', async () => {
  await adopted();
  loseAnswer();
  await failureOf(create());
  fixture.lab.faults.add({
    ...endpoints.showLastUse,
    kind: { status: 404, body: limitExceeded.replace('LimitExceeded', 'NoSuchEntity') },
  });

  await create();

  expect(await outcomes()).toEqual(['deleted', 'kept']);
});
