import { paperless } from '../../../activities/paperless/provider.js';
import { type PaperlessLab, type PaperlessLabOptions, startPaperlessLab } from '../../../src/lab/paperless/server.js';
import { catalog } from '../../../workflows/catalog.js';
import { type Bench, failureOf, startBench } from '../bench.js';

const procedure = catalog.find(({ provider }) => provider === 'paperless')!;
const replacing = { method: 'POST', path: '/api/profile/generate_auth_token/' };

/** The lab, and our activities pointed at it. */
async function startFixture({ store }: Bench, options: PaperlessLabOptions = {}) {
  const lab = await startPaperlessLab(options);
  lab.addUser('powerless', 'powerless-example-1');
  let [username, password] = [lab.username, lab.accountPassword];
  const propagation = `${(options.propagationMs ?? 0) / 1000} seconds`;
  const activities = paperless.activities({
    store,
    secret: async () => password,
    entry: () => {
      const section = { url: lab.url, username, password: { file: './account' }, propagation };
      return { section, engine: {}, procedure };
    },
  });
  const use = (name: string, value: string): void => void ([username, password] = [name, value]);
  return { lab, activities, use };
}

// What every provider promises of values that live side by side does not fit: the old one is dead before anybody could destroy it.
describe('paperless as a provider of one value', () => {
  let bench: Bench;
  let lab: PaperlessLab;
  let fixture: Awaited<ReturnType<typeof startFixture>>;

  beforeEach(async () => {
    bench = await startBench();
    fixture = await startFixture(bench);
    ({ lab } = fixture);
    lab.generateToken();
  });
  afterEach(async () => {
    await lab.stop();
    await bench.close();
  });

  const tokenOf = async (version: Parameters<typeof bench.store.unseal>[0]) =>
    (await bench.store.unseal(version))['token'];

  it('keeps the token that works, and is repeatable', async () => {
    const { next } = await bench.rotate();

    await bench.attempt(() => fixture.activities.replace(next));
    await bench.attempt(() => fixture.activities.replace(next));

    expect(lab.working()).toEqual([await tokenOf(next)]);
    expect(lab.tokens()).toHaveLength(2);
    expect(await bench.untilDone(() => fixture.activities.accepts(next))).toMatchObject({ outcome: 'proved' });
  });

  it('reads the token whose answer was lost', async () => {
    const { next } = await bench.rotate();
    lab.faults.add({ ...replacing, kind: 'reset-after' });

    await expect(bench.attempt(() => fixture.activities.replace(next))).rejects.toMatchObject({ type: 'Unavailable' });
    await bench.attempt(() => fixture.activities.replace(next));

    expect(lab.tokens()).toHaveLength(2);
    expect(lab.working()).toEqual([await tokenOf(next)]);
    expect((await bench.store.intents(bench.credential)).map(({ outcome }) => outcome)).toEqual(['kept']);
  });

  it('reads the token of a late request, although a later attempt was refused meanwhile', async () => {
    const first = await bench.rotate();
    await bench.attempt(() => fixture.activities.replace(first.next));
    await bench.promote(first.next);
    const { next } = await bench.rotate();
    lab.faults.add({ ...replacing, kind: 'reset-before' });
    await failureOf(bench.attempt(() => fixture.activities.replace(next)));
    lab.faults.add({ ...replacing, kind: { status: 400 } });
    await failureOf(bench.attempt(() => fixture.activities.replace(next)));
    lab.generateToken(); // the first request arrives after all

    await bench.attempt(() => fixture.activities.replace(next));

    expect(lab.working()).toEqual([await tokenOf(next)]);
    const open = (await bench.store.intents(bench.credential)).filter(({ outcome }) => outcome === 'open');
    expect(open).toEqual([]);
  });

  it('makes another one in an emergency, where a leaked token may have been used to make what is read', async () => {
    const first = await bench.rotate();
    await bench.attempt(() => fixture.activities.replace(first.next));
    await bench.promote(first.next);
    const request = { actor: 'ada', trigger: 'emergency', reason: 'a test', emergencies: [] } as const;
    const row = { name: bench.credential, procedure: 'openai-api-key', account: 'a test' };
    const { next } = (await bench.store.seize(row, request, bench.writer)).opened;
    lab.faults.add({ ...replacing, kind: 'reset-after' });
    await failureOf(bench.attempt(() => fixture.activities.replace(next)));
    const known = lab.working();

    await bench.attempt(() => fixture.activities.replace(next));

    expect(lab.working()).toEqual([await tokenOf(next)]);
    expect(lab.working()).not.toEqual(known);
  });

  it('changes nothing by a request that comes late', async () => {
    const first = await bench.rotate();
    lab.faults.add({ ...replacing, kind: { slowMs: 200 } });
    const late = bench.attempt(() => fixture.activities.replace(first.next)).catch((error: unknown) => error);
    while (!lab.requests.some(({ method }) => method === 'POST')) await new Promise(setImmediate);
    const second = await bench.rotate();
    await bench.attempt(() => fixture.activities.replace(second.next));

    await late;

    expect(lab.working()).toEqual([await tokenOf(second.next)]);
  });

  it.each([
    ['wrong', 'docuelevate', 'wrong-example-1'],
    ['unknown', 'nobody-here', 'wrong-example-1'],
  ])('does not try again with a password that is %s, and changes nothing', async (_, name, password) => {
    const before = lab.working();
    fixture.use(name, password);
    const { next } = await bench.rotate();

    const failure = await failureOf(bench.attempt(() => fixture.activities.replace(next)));

    expect(failure).toMatchObject({ nonRetryable: true, type: 'Unauthorized' });
    expect(failure.message).toContain('second factor');
    expect(lab.working()).toEqual(before);
  });

  it('believes no refusal that a proxy gives', async () => {
    const { next } = await bench.rotate();
    await bench.attempt(() => fixture.activities.replace(next));
    lab.faults.add({ method: 'GET', path: '/api/profile/', kind: { status: 403, body: 'the proxy forbids it' } });

    const failure = await failureOf(bench.attempt(() => fixture.activities.accepts(next)));

    expect(failure).toMatchObject({ type: 'Unavailable', nonRetryable: false });
  });

  it('takes a user who is switched off for no dead token', async () => {
    const { next } = await bench.rotate();
    await bench.attempt(() => fixture.activities.replace(next));
    lab.account.active = false;

    const failure = await failureOf(bench.attempt(() => fixture.activities.accepts(next)));

    expect(failure).toMatchObject({ nonRetryable: false, type: 'Unavailable' });
  });

  it.each([408, 429, 500, 503])('tries again after a %i, no earlier than it is told', async (status) => {
    const { next: old } = await bench.rotate();
    await bench.attempt(() => fixture.activities.replace(old));
    const { next } = await bench.rotate();
    lab.faults.add({ method: '*', path: '*', times: Infinity, kind: { status, retryAfterSeconds: 7 } });

    const { replace, accepts, requireWayIn } = fixture.activities;
    for (const work of [() => replace(next), () => accepts(old), () => requireWayIn(next)])
      expect(await failureOf(bench.attempt<unknown>(work))).toMatchObject({
        ...{ nonRetryable: false, type: 'Unavailable', nextRetryDelay: 7000 },
      });
  });

  it.each([400, 401, 403, 404, 409, 422, 429, 500])(
    'shows no secret when everything answers %i and echoes what it was sent',
    async (status) => {
      const first = await bench.rotate();
      await bench.attempt(() => fixture.activities.replace(first.next));
      await bench.promote(first.next);
      const { next, current } = await bench.rotate();
      lab.faults.add({ method: '*', path: '*', times: Infinity, kind: { status } });
      const { replace, accepts, refuses, identify } = fixture.activities;
      const seen: unknown[] = [];

      for (const work of [replace, accepts, refuses, identify])
        for (const version of [current!, next])
          seen.push(await bench.attempt<unknown>(() => work(version)).catch((error: unknown) => error));

      const text = [...seen, await bench.store.ledger()].map((each) => JSON.stringify(each) + String(each)).join();
      expect(lab.tokens().length).toBeGreaterThan(1);
      for (const secret of [...lab.tokens(), lab.accountPassword]) expect(text).not.toContain(secret);
    },
  );

  it('finds an adopted token that is in force, and no other', async () => {
    const { next } = await bench.rotate();
    await bench.attempt(() => fixture.activities.replace(next));

    await bench.attempt(() => fixture.activities.identify(next));
    lab.generateToken();

    expect(await failureOf(bench.attempt(() => fixture.activities.identify(next)))).toMatchObject({
      type: 'NeedsDecision',
    });
  });

  it('tells of a token that somebody else made', async () => {
    const { next } = await bench.rotate();
    await bench.attempt(() => fixture.activities.replace(next));
    await bench.promote(next);
    lab.generateToken();

    const { versions, orphans } = await bench.attempt(() => fixture.activities.survey(bench.credential));

    expect(versions).toMatchObject([{ number: next.number, verdict: 'refused' }]);
    expect(orphans).toHaveLength(1);
  });

  it('ends the only token without a store', async () => {
    const listing = paperless.listing(
      {
        section: { url: lab.url, username: lab.username, password: { file: './account' } },
        ...{ engine: {}, procedure },
      },
      async () => lab.accountPassword,
    )!;
    const [before] = lab.working();
    const [listed] = await bench.attempt(() => listing.list());

    await bench.attempt(() => listing.end(listed!.id));

    expect(lab.working()).not.toContain(before);
    expect(JSON.stringify(await bench.attempt(() => listing.list()))).not.toContain(before);
  });
});
