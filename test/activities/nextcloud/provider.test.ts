import type { Entry, Secrets } from '../../../activities/kit/provider.js';
import { nextcloud } from '../../../activities/nextcloud/provider.js';
import { type NextcloudLab, type NextcloudLabOptions, startNextcloudLab } from '../../../src/lab/nextcloud/server.js';
import { catalog } from '../../../workflows/catalog.js';
import { describeIssuing, type IssuingFixture } from '../../contracts/issuing.js';
import { type Bench, failureOf, startBench } from '../bench.js';

const procedure = catalog.find(({ provider }) => provider === 'nextcloud')!;

/** The lab, and our activities pointed at it. */
async function startFixture({ store }: Bench, options: NextcloudLabOptions = {}) {
  const lab = await startNextcloudLab(options);
  const admins = {
    valid: lab.accountPassword,
    wrong: 'wrong-example-1',
    powerless: lab.createAppPassword('of Keyturn'),
  };
  let admin = admins.valid;
  const propagation = `${(options.propagationMs ?? 0) / 1000} seconds`;
  const section = { url: lab.url, username: lab.username, password: { file: './account' }, propagation };
  const entry = (): Entry => ({ section, engine: {}, procedure });
  const secret: Secrets = async () => admin;
  const activities = nextcloud.activities({ store, secret, entry });
  const useAdmin = (which: keyof typeof admins) => void (admin = admins[which]);
  return { lab, admins, activities, useAdmin, entry, secret };
}

describeIssuing('nextcloud', async (bench, options): Promise<IssuingFixture> => {
  const { lab, admins, activities, ...fixture } = await startFixture(bench, options);
  const { create, accepts, remove: destroy, refuses } = activities;
  return {
    ...{ ...fixture, lab, activities, provider: nextcloud, list: 'unlisted', lost: 'left', twins: null },
    verbs: { create, accepts, destroy, refuses },
    creates: { method: 'GET', path: '/ocs/v2.php/core/getapppassword' },
    destroys: { method: 'DELETE', path: '/ocs/v2.php/core/apppassword' },
    working: () => lab.working().filter((value) => value !== admins.powerless),
    secrets: () => [...Object.values(admins), ...lab.appPasswords().map(({ value }) => value)],
    createByHand: () => ({ password: lab.createAppPassword('by hand') }),
    kill: ({ password = '' }) => lab.kill(password),
    use: () => undefined,
  };
});

describe('what is special about app passwords', () => {
  let bench: Bench;
  let fixture: Awaited<ReturnType<typeof startFixture>>;
  let lab: NextcloudLab;
  let skewMs = 0;

  /** From some minutes later on Nextcloud refuses every app password, until somebody signs in with the new password. */
  function changeAccountPassword(): void {
    fixture.admins.valid = lab.account.password = 'another-example-1';
    fixture.useAdmin('valid');
    skewMs += 6 * 60_000;
  }

  beforeEach(async () => {
    bench = await startBench();
    skewMs = 0;
    fixture = await startFixture(bench, { clock: () => Date.now() + skewMs });
    ({ lab } = fixture);
  });
  afterEach(async () => {
    await lab.stop();
    await bench.close();
  });

  it('names each after its attempt, so that a person finds what a lost answer left', async () => {
    const { next } = await bench.rotate();
    await bench.attempt(() => fixture.activities.create(next));

    const [intent] = await bench.store.intents(bench.credential);
    expect(lab.appPasswords().map(({ name }) => name)).toContain(intent?.label);
  });

  it('takes no app password for dead that a change of the account password has stranded', async () => {
    const { next } = await bench.rotate();
    await bench.attempt(() => fixture.activities.create(next));
    changeAccountPassword();

    expect(await bench.untilDone(() => fixture.activities.accepts(next))).toMatchObject({ outcome: 'proved' });
  });

  it('ends one that is stranded, instead of believing the refusal', async () => {
    const first = await bench.rotate();
    await bench.attempt(() => fixture.activities.create(first.next));
    await bench.store.move(first.next, 'discarding');
    changeAccountPassword();

    await bench.attempt(() => fixture.activities.remove(first.next));

    expect(lab.working()).toEqual([fixture.admins.powerless]);
  });

  it('says what to look at when the account is not let in', async () => {
    const { next } = await bench.rotate();
    lab.account.secondFactor = true;

    const failure = await failureOf(bench.attempt(() => fixture.activities.create(next)));

    expect(failure).toMatchObject({ type: 'Unauthorized', nonRetryable: true });
    expect(failure.message).toContain('second factor');
  });

  it('locks no address out, however often it looks at a dead value', async () => {
    const { next } = await bench.rotate();
    await bench.attempt(() => fixture.activities.create(next));
    await bench.promote(next);
    lab.kill((await bench.store.unseal(next))['password'] ?? '');

    for (let look = 0; look < 20; look++) await bench.attempt(() => fixture.activities.survey(bench.credential, true));

    expect(lab.attempts()).toBeLessThan(3);
  });

  it('believes no refusal that a proxy gives', async () => {
    const { next } = await bench.rotate();
    await bench.attempt(() => fixture.activities.create(next));
    lab.faults.add({
      method: 'GET',
      path: '/ocs/v2.php/cloud/user',
      kind: { status: 403, body: 'the proxy forbids it' },
    });

    const failure = await failureOf(bench.attempt(() => fixture.activities.accepts(next)));

    expect(failure).toMatchObject({ type: 'Unavailable', nonRetryable: false });
  });
});
