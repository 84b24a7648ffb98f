import { ApplicationFailure } from '@temporalio/common';
import type { IssuingActivities } from '../../activities/kit/issuing.js';
import type { Entry, Parts, Provider, Secrets } from '../../activities/kit/provider.js';
import type { Listing } from '../../activities/shared/listing.js';
import type { VersionRef } from '../../src/domain/version.js';
import { type Bench, failureOf, startBench } from '../activities/bench.js';
import { describeProvider, type ProviderFixture, type ProviderOptions } from './provider.js';
import { linesOf, patternOf } from './requests.js';

/** A provider of the kit's issuing kind, its lab, and its activities pointed at that. */
export interface IssuingFixture extends ProviderFixture {
  readonly provider: Provider<IssuingActivities>;
  readonly activities: IssuingActivities;
  readonly secret: Secrets;
  readonly entry: () => Entry;
  /** The path in front of all declared ones. */
  readonly base?: string;
  /** Whether the provider lists its values, with their last uses. */
  readonly list: 'listed' | 'unlisted';
  /** A value that somebody else creates for the same account. */
  createByHand(): Parts;
  /** The provider ends a value by itself. */
  kill(parts: Parts): void;
  /** Somebody uses a value. */
  use(parts: Parts): unknown;
  /** From now on the list shows two entries that the value may be. Null where no two can. */
  readonly twins: ((parts: Parts) => void) | null;
}

/** What every provider of the kit's issuing kind promises besides. */
export function describeIssuing(
  system: string,
  start: (bench: Bench, options: ProviderOptions) => Promise<IssuingFixture>,
): void {
  describeProvider(system, start);

  describe(`${system} as a provider that issues values`, () => {
    let bench: Bench;
    let fixture: IssuingFixture;
    let activities: IssuingActivities;
    let now: number;

    beforeEach(async () => {
      now = Date.UTC(2031, 0, 1); // by the provider's clock, which is not ours
      bench = await startBench();
      fixture = await start(bench, { propagationMs: 0, clock: () => now });
      ({ activities } = fixture);
    });
    afterEach(async () => {
      await fixture.lab.stop();
      await bench.close();
    });

    const pass = (minutes: number): void => void (now += minutes * 60_000);
    const isListed = (): boolean => fixture.list === 'listed';
    const valueOf = (version: VersionRef): Promise<Parts> => bench.store.unseal(version);
    const look = (quietly?: boolean) => bench.attempt(() => activities.survey(bench.credential, quietly));
    const listing = (): Listing | null => fixture.provider.listing(fixture.entry(), fixture.secret);
    const patternFor = (verb: keyof IssuingActivities): RegExp =>
      patternOf(fixture.provider.requests[verb], fixture.base);

    /** Version 1 in force until version 2 replaced it, by the provider's clock as well. */
    async function replaced(): Promise<{ old: VersionRef; current: VersionRef }> {
      const first = await bench.rotate();
      await bench.attempt(() => activities.create(first.next));
      await bench.attempt(() => activities.accepts(first.next));
      await bench.promote(first.next);
      const { current: old, next: current } = await bench.rotate();
      await bench.attempt(() => activities.create(current));
      pass(2);
      await bench.attempt(() => activities.accepts(current));
      await bench.promote(current);
      return { old: old!, current };
    }

    /** What somebody else created, adopted as the value in force. */
    async function adopted(): Promise<VersionRef> {
      const parts = fixture.createByHand();
      return bench.adopt(parts);
    }

    async function sentBy(work: () => Promise<unknown>): Promise<string> {
      const before = fixture.lab.requests.length;
      await bench.attempt(work).catch((error: unknown) => {
        if (!isExpected(error)) throw error;
      });
      return linesOf(fixture.lab.requests.slice(before));
    }

    const probes = (): number => {
      const [asked] = fixture.provider.requests.accepts;
      return fixture.lab.requests.filter(({ path }) => path === `${fixture.base ?? ''}${asked?.path}`).length;
    };

    it('declares what each activity sends', async () => {
      const { old, current } = await replaced();
      const verbs = ['accepts', 'sawUse', 'isIdle', 'refuses'] as const;

      for (const verb of verbs) expect(await sentBy(() => activities[verb](old))).toMatch(patternFor(verb));
      expect(await sentBy(() => activities.identify(old))).toMatch(patternFor('identify'));
      for (const verb of ['survey', 'checkAccess'] as const)
        expect(await sentBy(() => activities[verb](bench.credential))).toMatch(patternFor(verb));
      const orphan = { version: current, id: 'nothing of this id' };
      expect(await sentBy(() => activities.deleteOrphan(orphan))).toMatch(patternFor('deleteOrphan'));
      expect(await sentBy(() => activities.remove(old))).toMatch(patternFor('remove'));
      const { next } = await bench.rotate();
      expect(await sentBy(() => activities.create(next))).toMatch(patternFor('create'));
    });

    it('declares what is sent to clean up after lost attempts, and for a leaked value', async () => {
      const { next } = await bench.rotate();
      fixture.lab.faults.add({ ...fixture.creates, kind: 'reset-after' });
      expect(await sentBy(() => failureOf(bench.attempt(() => activities.create(next))))).toMatch(patternFor('create'));
      expect(await sentBy(() => activities.create(next))).toMatch(patternFor('create'));
      await bench.store.note(next, { compromised: true });
      await bench.store.intend((await bench.rotate()).next);

      const removed = await sentBy(() => activities.remove({ ...next, fence: next.fence + 1 }));
      expect(removed).toMatch(patternFor('remove'));
      expect(removed).not.toBe('');
      expect(await fixture.working()).toHaveLength(isListed() ? 0 : 1);
    });

    it('tells a use by the engine from our own, or says that it cannot', async () => {
      const { next } = await bench.rotate();
      await bench.attempt(() => activities.create(next));
      await bench.attempt(() => activities.accepts(next));
      const sawUse = () => bench.attempt(() => activities.sawUse(next));
      if (!isListed()) return expect(await sawUse()).toMatchObject({ kind: 'in-use', outcome: 'not-observable' });

      expect(await failureOf(sawUse())).toMatchObject({ type: 'NotSeenYet' });
      pass(2);
      await fixture.use(await valueOf(next));

      expect(await sawUse()).toMatchObject({ kind: 'in-use', outcome: 'proved' });
    });

    it('shows whether the old value was used after the switch, or says that it cannot', async () => {
      const { old } = await replaced();
      const isIdle = () => bench.attempt(() => activities.isIdle(old));
      if (!isListed()) return expect(await isIdle()).toMatchObject({ kind: 'idle', outcome: 'not-observable' });

      expect(await isIdle()).toMatchObject({ kind: 'idle', outcome: 'proved' });
      pass(2);
      await fixture.use(await valueOf(old));

      expect(await isIdle()).toMatchObject({ kind: 'idle', outcome: 'failed' });
    });

    it('cannot tell the uses of a value whose id is unknown', async () => {
      const version = await adopted();

      for (const ask of [activities.sawUse, activities.isIdle])
        expect(await bench.attempt(() => ask(version))).toMatchObject({
          outcome: 'not-observable',
          detail: isListed()
            ? `its id at ${fixture.provider.name} is unknown`
            : `${fixture.provider.name} does not report when a value was used`,
        });
    });

    it('surveys with one question, about the value in force', async () => {
      await replaced();
      const before = probes();

      const { versions, orphans, unlisted } = await look();

      expect(versions).toMatchObject([
        { number: 1, verdict: 'listed' },
        { number: 2, verdict: 'accepted' },
      ]);
      expect(orphans).toEqual([]);
      expect(typeof unlisted).toBe(isListed() ? 'undefined' : 'string');
      expect(probes()).toBe(before + 1);
      if (isListed()) await look(true);
      expect(probes()).toBe(before + 1); // a scheduled check asks about no listed value
    });

    it('remembers a refusal that a survey has seen, instead of asking again', async () => {
      const { old, current } = await replaced();
      const ended = isListed() ? [old, current] : [current]; // without a list only the value in force is asked about
      for (const version of ended) fixture.kill(await valueOf(version));
      await look(!isListed());
      const before = probes();

      const { versions } = await look(!isListed());

      for (const { number } of ended) expect(versions[number - 1]).toMatchObject({ number, verdict: 'refused' });
      expect(probes()).toBe(before);
      for (const version of ended) {
        const [refused] = (await bench.store.evidence(version)).filter(({ kind }) => kind === 'refused');
        expect(refused?.outcome).toBe('proved');
      }
    });

    it('shows what somebody else created as an orphan of nobody, and never deletes it', async () => {
      if (!isListed()) return;
      const first = await bench.rotate();
      await bench.attempt(() => activities.create(first.next));
      await bench.promote(first.next);
      fixture.createByHand();

      const { orphans } = await look();

      expect(orphans).toMatchObject([{ madeFor: null, lastUsedAt: null }]);
      const orphan = { version: first.next, id: orphans[0]!.id };
      const failure = await failureOf(bench.attempt(() => activities.deleteOrphan(orphan)));
      expect(failure).toMatchObject({ type: 'NeedsDecision', nonRetryable: true });
      const { providerId } = await bench.store.read(first.next);
      const left = (await bench.attempt(() => listing()!.list())).map(({ id }) => id);
      expect(new Set(left)).toEqual(new Set([providerId, orphan.id]));
    });

    describe('identifying an adopted value', () => {
      const identify = (version: VersionRef) => bench.attempt(() => activities.identify(version));

      it('finds it in the list, also for its end', async () => {
        const version = await adopted();
        if (!isListed()) return expect(await failureOf(identify(version))).toMatchObject({ type: 'NeedsDecision' });

        await identify(version);

        const { providerId } = await bench.store.read(version);
        const listed = (await bench.attempt(() => listing()!.list())).map(({ id }) => id);
        expect(listed).toEqual([providerId]);
      });

      it('asks when nothing in the list matches', async () => {
        const parts = Object.entries(fixture.createByHand());
        const version = await bench.adopt(Object.fromEntries(parts.map(([name, value]) => [name, other(value)])));

        expect(await failureOf(identify(version))).toMatchObject({ type: 'NeedsDecision', nonRetryable: true });
        expect((await bench.store.read(version)).providerId).toBeNull();
      });

      it('asks when several match', async () => {
        if (!fixture.twins) return;
        const version = await adopted();
        fixture.twins(await valueOf(version));

        const failure = await failureOf(identify(version));

        expect(failure).toMatchObject({ type: 'NeedsDecision', nonRetryable: true });
        expect(failure.message).toMatch(/several keys .* match the adopted value: \S+, \S+/);
        expect((await bench.store.read(version)).providerId).toBeNull();
      });
    });

    it('lists and ends values without a store, or says that it has no list', async () => {
      const { old } = await replaced();
      if (!isListed()) return expect(listing()).toBeNull();
      const { providerId } = await bench.store.read(old);
      const list = () => bench.attempt(() => listing()!.list());
      const before = await list();

      for (let times = 0; times < 2; times += 1) await bench.attempt(() => listing()!.end(providerId!));

      expect(before.map(({ id, mark }) => [id, mark])).toContainEqual([providerId, providerId]);
      expect(before.find(({ id }) => id === providerId)?.lastUsedAt).toMatch(/^2031-01-01T00:0/);
      expect((await list()).map(({ id }) => id)).toEqual(before.map(({ id }) => id).filter((id) => id !== providerId));
      expect(Object.values(await valueOf(old))).not.toEqual(expect.arrayContaining(await fixture.working()));
      expect(await fixture.working()).toHaveLength(1);
    });
  });
}

/** A value of the same form that nobody issued. */
function other(value: string): string {
  return `${value.slice(0, -4)}${value.endsWith('AAAA') ? 'BBBB' : 'AAAA'}`;
}

/** What a question may end with when all of it was sent. */
const expected: readonly unknown[] = ['NotSeenYet', 'Propagating', 'NeedsDecision'];

function isExpected(error: unknown): boolean {
  return error instanceof ApplicationFailure && expected.includes(error.type);
}
