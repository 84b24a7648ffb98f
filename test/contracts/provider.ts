import { inspect } from 'node:util';
import { ApplicationFailureCategory, CancelledFailure } from '@temporalio/common';
import type { Finding } from '../../src/domain/evidence.js';
import type { VersionRef } from '../../src/domain/version.js';
import { pathMatcher } from '../../src/lab/routes.js';
import type { LabServer } from '../../src/lab/server.js';
import { type Bench, failureOf, startBench } from '../activities/bench.js';

/** A provider's activities, by what they mean. */
export interface ProviderVerbs {
  readonly create: (version: VersionRef) => Promise<void>;
  readonly accepts: (version: VersionRef) => Promise<Finding>;
  readonly destroy: (version: VersionRef) => Promise<void>;
  readonly refuses: (version: VersionRef) => Promise<Finding>;
}

/** A provider's lab and its activities, which take their admin credential from `useAdmin`. */
export interface ProviderFixture {
  readonly lab: LabServer;
  readonly verbs: ProviderVerbs;
  /** The calls with which the lab creates and revokes a value. */
  readonly creates: { readonly method: string; readonly path: string };
  readonly destroys: { readonly method: string; readonly path: string };
  useAdmin(which: 'valid' | 'wrong' | 'powerless'): void;
  /**
   * What happens to the value of a lost attempt:
   * - `deleted`: it is shown only once, so it is deleted by its label
   * - `left`: there is no list, so it is left for a person
   * - `read back`: it is read back and kept
   * - `kept before`: it was kept before anybody got it
   */
  readonly lost: 'deleted' | 'left' | 'read back' | 'kept before';
  /** Every value created for a version that the provider would accept right now. */
  working(): string[] | Promise<string[]>;
  /** What must never show: admin credentials, and every value that ever existed. */
  secrets(): string[];
}

export interface ProviderOptions {
  /** How long the lab, and the account as configured, take to learn of a change. */
  readonly propagationMs: number;
  /** The lab's clock, in Unix milliseconds. Default: ours. */
  readonly clock?: () => number;
}

type Start = (bench: Bench, options: ProviderOptions) => Promise<ProviderFixture>;

/** What every provider of a credential promises. */
export function describeProvider(system: string, start: Start): void {
  describe(`${system} as a provider`, () => {
    let bench: Bench;
    let fixture: ProviderFixture;
    let next: VersionRef;

    async function begin(options: ProviderOptions = { propagationMs: 0 }): Promise<void> {
      await end();
      bench = await startBench();
      fixture = await start(bench, options);
      ({ next } = await bench.rotate());
    }
    async function end(): Promise<void> {
      await fixture?.lab.stop();
      await bench?.close();
    }
    beforeEach(() => begin());
    afterAll(end);

    const create = (version = next): Promise<void> => bench.attempt(() => fixture.verbs.create(version));
    const accepts = (version = next): Promise<Finding> => bench.untilDone(() => fixture.verbs.accepts(version));
    const destroy = (version: VersionRef): Promise<void> => bench.attempt(() => fixture.verbs.destroy(version));
    const valuesOf = async (version: VersionRef): Promise<string[]> => Object.values(await bench.store.unseal(version));

    /** One version in force, and the version that it replaced, ready to be destroyed. */
    async function replaced(): Promise<{ old: VersionRef; current: VersionRef }> {
      await create();
      await bench.promote(next);
      const rotation = await bench.rotate();
      const old = rotation.current!;
      await accepts(old);
      await create(rotation.next);
      await bench.promote(rotation.next);
      return { old, current: rotation.next };
    }

    it('creates a credential that works', async () => {
      await create();

      expect(await accepts()).toMatchObject({ kind: 'accepted', outcome: 'proved' });
      expect(await valuesOf(next)).toEqual(expect.arrayContaining(await fixture.working()));
      expect(await fixture.working()).toHaveLength(1);
    });

    it('leaves one credential when it creates twice', async () => {
      await create();
      await create();

      expect(await fixture.working()).toHaveLength(1);
    });

    it('deletes the old one and leaves the new one, however often', async () => {
      const { old, current } = await replaced();

      await destroy(old);
      await destroy(old);

      expect(await fixture.working()).toHaveLength(1);
      expect(await accepts(current)).toMatchObject({ outcome: 'proved' });
      expect(await bench.untilDone(() => fixture.verbs.refuses(old))).toMatchObject({
        kind: 'refused',
        outcome: 'proved',
      });
    });

    it.each(['wrong', 'powerless'] as const)(
      'does not try again with an admin credential that is %s',
      async (which) => {
        fixture.useAdmin(which);

        const failure = await failureOf(create());

        expect(failure).toMatchObject({ nonRetryable: true, type: 'Unauthorized' });
        const intents = await bench.store.intents(bench.credential);
        const known = fixture.lost === 'kept before' ? 'kept' : 'nothing-made';
        expect(intents.filter(({ outcome }) => outcome !== known)).toEqual([]);
        expect(await fixture.working()).toEqual([]);
      },
    );

    it('waits for a value that is younger than the propagation delay', async () => {
      await begin({ propagationMs: 60_000 });
      await create();

      const failure = await failureOf(bench.attempt(() => fixture.verbs.accepts(next)));

      expect(failure).toMatchObject({
        nonRetryable: false,
        type: 'Propagating',
        category: ApplicationFailureCategory.BENIGN,
      });
      expect(failure.nextRetryDelay).toBeGreaterThan(0);
    });

    it('says so when a value is still refused after the propagation delay', async () => {
      await create();
      await bench.store.move(next, 'discarding');
      await destroy(next);

      expect(await accepts()).toMatchObject({ kind: 'accepted', outcome: 'failed' });
    });

    it.each([408, 429, 500, 503])('tries again after a %i, no earlier than it is told', async (status) => {
      const trouble = { method: '*', path: '*', times: Infinity, kind: { status, retryAfterSeconds: 7 } };
      fixture.lab.faults.add(trouble);
      const creating = await failureOf(create());
      fixture.lab.faults.clear();
      await create();
      fixture.lab.faults.add(trouble);
      const accepting = await failureOf(bench.attempt(() => fixture.verbs.accepts(next)));

      const told = fixture.lab.url.startsWith('http') ? { nextRetryDelay: 7000 } : {}; // only HTTP says when
      for (const failure of [creating, accepting])
        expect(failure).toMatchObject({ nonRetryable: false, type: 'Unavailable', ...told });
    });

    const page = '<!DOCTYPE html>\n<html><body>Just a moment…</body></html>';
    it.each([
      [200, page],
      [200, ''],
      [200, '{}'],
      [401, page],
      [403, page],
      [404, page],
    ])('takes no %i of something in between for an answer of its own: %j', async (status, body) => {
      if (!fixture.lab.url.startsWith('http')) return;
      const { old, current } = await replaced();
      fixture.lab.faults.add({ method: '*', path: '*', times: Infinity, kind: { status, body } });

      for (const work of [() => destroy(old), () => bench.attempt(() => fixture.verbs.accepts(current))])
        expect(await failureOf(work())).toMatchObject({ nonRetryable: false, type: 'Unavailable' });

      fixture.lab.faults.clear();
      expect(await fixture.working()).toHaveLength(2);
      expect(await accepts(current)).toMatchObject({ outcome: 'proved' });
    });

    it.each([409, 423])('waits while another change is under way (%i)', async (status) => {
      const { old } = await replaced();
      const body = '<ErrorResponse><Error><Code>ConcurrentModification</Code></Error></ErrorResponse>';
      fixture.lab.faults.add({ ...fixture.destroys, kind: { status, body } });

      expect(await failureOf(destroy(old))).toMatchObject({ nonRetryable: false, type: 'Unavailable' });
      await destroy(old);
      expect(await fixture.working()).toHaveLength(1);
    });

    it('recovers when the answer to a create is lost after it was made', async () => {
      fixture.lab.faults.add({ ...fixture.creates, kind: 'reset-after' });

      await expect(create()).rejects.toMatchObject({ nonRetryable: false, type: 'Unavailable' });
      await create();

      const intents = (await bench.store.intents(bench.credential)).map(({ outcome }) => outcome);
      const left = fixture.lost === 'left' ? 1 : 0;
      expect(await fixture.working()).toHaveLength(1 + left);
      const working = (await fixture.working()).slice(left);
      expect(await valuesOf(next)).toEqual(expect.arrayContaining(working));
      expect(intents).toEqual(
        { deleted: ['deleted', 'kept'], left: ['open', 'kept'] }[fixture.lost as string] ?? ['kept'],
      );
    });

    it('recovers when the answer to a deletion is lost after it was made', async () => {
      const { old, current } = await replaced();
      fixture.lab.faults.add({ ...fixture.destroys, kind: 'reset-after' });

      await expect(destroy(old)).rejects.toMatchObject({ nonRetryable: false });
      await destroy(old);

      expect(await valuesOf(current)).toEqual(expect.arrayContaining(await fixture.working()));
      expect(await fixture.working()).toHaveLength(1);
    });

    it('leaves one credential when a slow attempt overlaps with the next one', async () => {
      fixture.lab.faults.add({ ...fixture.creates, kind: { slowMs: 150 } });

      const slow = create();
      await seenBy(fixture.lab, fixture.creates);
      await bench.untilDone(() => fixture.verbs.create(next));
      await slow;

      expect(await fixture.working()).toHaveLength(1);
      expect(await valuesOf(next)).toEqual(expect.arrayContaining(await fixture.working()));
      const intents = await bench.store.intents(bench.credential);
      const unmade = fixture.lost === 'deleted' || fixture.lost === 'left';
      expect(intents.map(({ outcome }) => outcome)).toEqual(unmade ? ['deleted', 'kept'] : ['kept']);
    });

    it('deletes what it made when another rotation has become the writer meanwhile', async () => {
      fixture.lab.faults.add({ ...fixture.creates, kind: { slowMs: 150 } });

      const late = failureOf(create());
      await seenBy(fixture.lab, fixture.creates);
      await bench.rotate();

      expect(await late).toMatchObject({ type: 'FenceLost', nonRetryable: true });
      expect(await fixture.working()).toEqual([]);
    });

    it('hears what became of a change that is under way when the activity is cancelled', async () => {
      fixture.lab.faults.add({ ...fixture.creates, kind: { slowMs: 150 } });
      const cancellation = new AbortController();

      const running = bench.attempt(() => fixture.verbs.create(next), { signal: cancellation.signal });
      await seenBy(fixture.lab, fixture.creates);
      cancellation.abort(new CancelledFailure('CANCELLED'));
      await Promise.allSettled([running]);

      expect(await fixture.working()).toHaveLength(1); // nothing comes later
      expect((await bench.store.intents(bench.credential)).map(({ outcome }) => outcome)).toEqual(['kept']);
    });

    it.each([400, 401, 403, 404, 409, 422, 429, 500])(
      'shows no secret when everything answers %i and echoes what it was sent',
      async (status) => {
        const { old, current } = await replaced();
        const { next: third } = await bench.rotate();
        const { verbs } = fixture;
        const seen: unknown[] = [];
        const output = watchOutput();
        fixture.lab.faults.add({ method: '*', path: '*', times: Infinity, kind: { status } });

        for (const work of [verbs.create, verbs.accepts, verbs.destroy, verbs.refuses])
          for (const version of [old, current, third])
            seen.push(
              await bench
                .attempt<unknown>(() => work({ ...version, fence: third.fence }))
                .catch((error: unknown) => error),
            );

        const versions = await bench.store.versions();
        seen.push(versions, await bench.store.ledger(), output.end());
        for (const version of versions) seen.push(await bench.store.evidence(version));
        const text = inspect(seen, {
          depth: Infinity,
          showHidden: true,
          maxStringLength: Infinity,
          maxArrayLength: Infinity,
        });
        const shown = fixture.secrets().filter((secret) => text.includes(secret));
        expect(fixture.secrets().length).toBeGreaterThan(2);
        expect(shown).toEqual([]);
      },
    );
  });
}

/** Resolves when the lab has seen such a request. */
async function seenBy({ requests }: LabServer, { method, path }: ProviderFixture['creates']): Promise<void> {
  const matches = pathMatcher(path);
  while (!requests.some((request) => request.method === method && matches(request.path)))
    await new Promise(setImmediate);
}

/** Collects everything that is written to the terminal until `end`. */
function watchOutput(): { end(): string[] } {
  const lines: string[] = [];
  const keep = (chunk: unknown): boolean => lines.push(String(chunk)) > 0;
  const spies = [process.stdout, process.stderr].map((stream) => jest.spyOn(stream, 'write').mockImplementation(keep));
  return {
    end() {
      for (const spy of spies) spy.mockRestore();
      return lines;
    },
  };
}
