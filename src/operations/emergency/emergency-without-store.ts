import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { runDirectly } from '../../../activities/shared/scope.js';
import type { Listed, Listing } from '../../../activities/shared/listing.js';
import { type DirectAct, writeDown } from '../session/emergency-record.js';
import { explain } from '../session/explain.js';

/** An emergency that has only the configuration and the provider's list. */
export interface Unstored {
  readonly credential: string;
  readonly actor: string;
  readonly reason: string;
  /** Unix ms. */
  readonly askedAt: number;
  readonly listing: Listing;
  /** The record file (`recordFileOf`). */
  readonly record: string;
}

/** The result for one value. */
export interface EndedListed extends Pick<Listed, 'id' | 'name'> {
  /** The provider no longer lists it. */
  readonly ended: boolean;
  /** Milliseconds from the command until then. */
  readonly afterMs: number | null;
  readonly trouble: string | null;
  /** Whether it could be written to the record file. */
  readonly recorded: boolean;
}

const tries = 5;
const pauseMs = 1_000; // a list may show a change late

/** What the provider lists of the credential's account. */
export function list({ credential, listing }: Pick<Unstored, 'credential' | 'listing'>): Promise<Listed[]> {
  return inProcess(credential, () => listing.list());
}

/** Ends values side by side; one that fails stops no other. */
export function endAll(emergency: Unstored, values: readonly Listed[]): Promise<EndedListed[]> {
  return Promise.all(values.map((value) => end(emergency, value)));
}

async function end(emergency: Unstored, value: Listed): Promise<EndedListed> {
  const { id, name } = value;
  const begun = await noted(emergency, value, 'begun');
  const trouble = await withRetries(() => endOnce(emergency, value));
  const noticed = await noted(emergency, value, trouble === null ? 'ended' : 'unknown');
  const afterMs = trouble === null ? Date.now() - emergency.askedAt : null;
  return { id, name, ended: trouble === null, afterMs, trouble, recorded: begun && noticed };
}

/** The provider's list decides, not its answer to the request. */
async function endOnce({ credential, listing }: Unstored, { id, mark }: Listed): Promise<void> {
  await inProcess(credential, async () => {
    if (!(await isThere(listing, mark))) return;
    await listing.end(id);
    if (await isThere(listing, mark)) throw new StillListed();
  });
}

async function isThere(listing: Listing, mark: string): Promise<boolean> {
  return (await listing.list()).some((each) => each.mark === mark);
}

class StillListed extends Error {}

/** Null when an attempt succeeded, else what a person has to know. */
async function withRetries(action: () => Promise<void>): Promise<string | null> {
  for (let tried = 1; ; tried++) {
    try {
      await action();
      return null;
    } catch (error) {
      if (tried === tries) return error instanceof StillListed ? 'the provider still lists it' : explain(error).what;
      await sleep(pauseMs);
    }
  }
}

/** Recording never delays a revocation. */
async function noted(emergency: Unstored, { id, name }: Listed, end: DirectAct['end']): Promise<boolean> {
  const { actor, reason, credential, askedAt, record } = emergency;
  const act: DirectAct = { at: Date.now(), askedAt, actor, reason, credential, id, name, end };
  return writeDown(record, act).then(
    () => true,
    () => false,
  );
}

function inProcess<T>(credential: string, action: () => Promise<T>): Promise<T> {
  return runDirectly({ workflowId: `direct/${credential}`, runId: randomUUID() }, action);
}
