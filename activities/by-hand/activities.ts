import { randomInt } from 'node:crypto';
import type { Finding } from '../../src/domain/evidence.js';
import type { TaskPolicy, TaskText, TaskView } from '../../src/domain/task.js';
import { isLive, type VersionRef } from '../../src/domain/version.js';
import type { Store } from '../../src/store/store.js';
import { type AccessCheck, accessCheck } from '../shared/access.js';
import { reporting, requireProof } from '../shared/evidence.js';
import { requireFence } from '../shared/fencing.js';
import { hasValue, keepGenerated, ownIntents, settleAll } from '../shared/keeping.js';
import { CannotTell } from '../shared/outside-error.js';
import { acceptedBy, askUntil, type Prober, refusedAt } from '../shared/probes.js';
import { scope } from '../shared/scope.js';
import { askAbout, type ProviderSurvey, type SurveyedVersion } from '../shared/survey.js';
import { withDeps } from '../shared/with-deps.js';
import { viewOf } from '../versions/tasks.js';
import {
  containText,
  described,
  giveText,
  list,
  type Occasion,
  revokeText,
  seeOldText,
  seeText,
  seeTitle,
  setText,
  type Subject,
} from './texts.js';

/** A credential that a person rotates. */
export interface ByHandAccount extends Subject {
  /** The part that a generated value has. */
  readonly parts: readonly string[];
  readonly tasks: TaskPolicy;
  /** Null where nothing can be asked. */
  readonly prober: Prober | null;
}

export interface ByHandDeps {
  readonly store: Store;
  readonly account: (credential: string) => Promise<ByHandAccount>;
}

/** What a person does is a task in the store; what can be asked is asked by a probe. */
export function byHandActivities(deps: ByHandDeps) {
  return withDeps(deps, {
    ...{
      accepts,
      refuses,
      generate,
      askForValue,
      askToSet,
      askToRevoke,
      askToContain,
      askToSee,
      attestUse,
      askToSeeOld,
    },
    ...{ survey, checkAccess },
  });
}

export type ByHandActivities = ReturnType<typeof byHandActivities>;

async function accepts({ store, account }: ByHandDeps, version: VersionRef): Promise<Finding> {
  const { prober, section } = await account(version.credential);
  if (prober) return acceptedBy(prober, store, version);
  return reporting(store, version, 'accepted')('not-observable', `no probe is configured for ${section.name}`);
}

/**
 * A version without a value is gone when a person says that nothing of it is left. Where its task was withdrawn, somebody may still create the
 * value: the attempt stays open, and is listed.
 */
async function refuses({ store, account }: ByHandDeps, version: VersionRef): Promise<Finding> {
  const { prober, section } = await account(version.credential);
  const say = reporting(store, version, 'refused');
  if (!(await hasValue(store, version))) {
    const asked = (await store.tasks(version.credential)).filter((task) => task.version === version.number);
    const mayFollow = asked.some(({ asks, state }) => asks === 'value' && state === 'withdrawn');
    if (!mayFollow) await settleAll(store, await ownIntents(store, version), 'deleted');
    return say('not-observable', 'it has no value to ask with');
  }
  if (prober) return refusedAt(prober, store, version);
  return say('not-observable', `no probe is configured for ${section.name}`);
}

const alphabet = 'ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789'; // without 0, O, 1, I and l: a person may have to type it

/** Makes the new value and stores it, before anybody sets it. */
async function generate({ store, account }: ByHandDeps, version: VersionRef): Promise<void> {
  const { section, parts } = await account(version.credential);
  await keepGenerated(store, version, async () => {
    const value = Array.from({ length: section.length }, () => alphabet[randomInt(alphabet.length)]).join('');
    return { providerId: 'set-by-hand', parts: Object.fromEntries(parts.map((part) => [part, value])) };
  });
}

/** A person creates the new value. Its attempt is on record before, since nobody knows when the person begins. */
async function askForValue(deps: ByHandDeps, version: VersionRef): Promise<TaskView> {
  const { store, account } = deps;
  const subject = await account(version.credential);
  await requireFence(store, version);
  const occasion = await occasionOf(store, version);
  const known = await store.knownTask(version, giveText(subject, '', occasion).title);
  if (known) return viewOf(known);
  const { label } = await store.intendAsked(version, scope().writer);
  return open(deps, version, giveText(subject, label, occasion));
}

async function askToSet(deps: ByHandDeps, version: VersionRef): Promise<TaskView> {
  const occasion = await occasionOf(deps.store, version);
  return open(deps, version, setText(await deps.account(version.credential), occasion));
}

/** A person revokes a version. It is asked for only with the proof that any other deletion needs. Null when there is nothing to revoke. */
async function askToRevoke(deps: ByHandDeps, version: VersionRef): Promise<TaskView | null> {
  const { store } = deps;
  const subject = await deps.account(version.credential);
  const { state, ...row } = await store.read(version);
  const title = state === 'discarding' ? 'Revoke the new value again' : 'Revoke the old value';
  const known = await store.knownTask(version, title);
  if (known) return viewOf(known);
  if (await isUnknownOutside(store, version)) return null;
  await requireProof(store, version);
  const intents = await store.intents(version.credential);
  return open(deps, version, revokeText(subject, [described({ state, ...row }, intents)], title));
}

/** Nobody has made its value, or nobody has seen the one that Keyturn made and that was never in force. */
async function isUnknownOutside(store: Store, version: VersionRef): Promise<boolean> {
  if (!(await hasValue(store, version))) return (await ownIntents(store, version)).length === 0;
  if (!['candidate', 'discarding'].includes((await store.read(version)).state)) return false;
  const own = ({ version: number }: { readonly version?: number }): boolean => number === version.number;
  const handing = (await store.tasks(version.credential)).filter((task) => own(task) && task.handsOver);
  const isRevealed = (await store.ledger({ credential: version.credential })).some(
    (entry) => entry.event === 'revealed' && own(entry),
  );
  return handing.length > 0 && handing.every(({ handedAt }) => handedAt === null) && !isRevealed;
}

async function occasionOf(store: Store, { credential, fence }: VersionRef): Promise<Occasion> {
  return { isEmergency: (await store.rotations(credential)).some((each) => each.fence === fence && each.seized) };
}

interface Containment {
  readonly version: VersionRef;
  readonly targets: readonly VersionRef[];
}

async function askToContain(deps: ByHandDeps, { version, targets }: Containment): Promise<TaskView> {
  const { store } = deps;
  const subject = await deps.account(version.credential);
  const intents = await store.intents(version.credential);
  const versions = await Promise.all(targets.map((target) => store.read(target)));
  const numbers = targets.map(({ number }) => number);
  const text = containText(
    subject,
    versions.map((each) => described(each, intents)),
    numbers,
  );
  for (const { id, fence, state, title } of await store.tasks(version.credential))
    // a wider emergency asks for more
    if (state === 'open' && fence === version.fence && title !== text.title)
      await store.withdrawTask(version, id, { unseen: false });
  return open(deps, version, text);
}

interface Seeing {
  readonly version: VersionRef;
  /** Settings whose use only a person can see. */
  readonly settings: readonly string[];
}

async function askToSee(deps: ByHandDeps, { version, settings }: Seeing): Promise<TaskView> {
  const subject = await deps.account(version.credential);
  return open(deps, version, seeText({ ...subject, settings }));
}

/** An earlier version, and the one that was to replace it. */
interface Earlier {
  readonly version: VersionRef;
  readonly next: VersionRef;
}

/** Somebody may have replaced the only value, and not said so. Null when nobody can have done it, or the value is still accepted. */
async function askToSeeOld(deps: ByHandDeps, { version, next }: Earlier): Promise<TaskView | null> {
  const { store } = deps;
  const subject = await deps.account(version.credential);
  const text = seeOldText(subject, version);
  const known = await store.knownTask(version, text.title);
  if (known) return viewOf(known);
  if ((await isUnknownOutside(store, next)) || (await isAccepted(subject, store, version))) return null;
  return open(deps, version, text);
}

/** As far as a probe shows it. */
async function isAccepted({ prober }: ByHandAccount, store: Store, version: VersionRef): Promise<boolean> {
  if (!prober) return false;
  const answer = await askUntil('accepted', prober, await store.unseal(version)).catch((error: unknown) => {
    if (error instanceof CannotTell) return null;
    throw error;
  });
  return answer?.verdict === 'accepted';
}

/** What a person said about the use of a version in this rotation. It is as old as their word. */
async function attestUse({ store }: ByHandDeps, { version, settings }: Seeing): Promise<Finding> {
  const said = await store.knownTask(version, seeTitle);
  if (said?.state !== 'done')
    return reporting(store, version, 'document')('failed', `nobody has said that ${list(settings)} works`);
  const detail = `${said.by} said of ${list(settings)}: ${said.words}`;
  const finding = { kind: 'document', outcome: 'not-observable', detail } as const;
  await store.prove(version, finding, { writer: scope().writer, at: said.endedAt ?? undefined });
  return finding;
}

async function open(deps: ByHandDeps, version: VersionRef, text: TaskText): Promise<TaskView> {
  const { tasks } = await deps.account(version.credential);
  await requireFence(deps.store, version);
  return viewOf(await deps.store.openTask(version, text, tasks));
}

/** What is accepted, as far as a probe shows it. A scheduled check asks about the version in force alone: a refused login counts as an attack. */
async function survey({ store, account }: ByHandDeps, credential: string, quietly = false): Promise<ProviderSurvey> {
  const { prober, section } = await account(credential);
  const versions: SurveyedVersion[] = [];
  for (const version of await store.versions(credential)) {
    const { number, state, parts } = version;
    const isAsked = prober && parts.length > 0 && (quietly ? state === 'current' : isLive(state));
    const verdict = isAsked ? await verdictOf(prober, store, version) : isLive(state) ? 'listed' : 'not listed';
    versions.push({ number, verdict, lastUsedAt: null });
  }
  const { name, overlap } = section;
  const unlisted = `only a person can see what there is at ${name}`;
  return { versions, orphans: [], unlisted, byHand: { name, overlap } };
}

async function verdictOf(
  prober: Prober,
  store: Store,
  version: Pick<VersionRef, 'credential' | 'number'>,
): Promise<SurveyedVersion['verdict']> {
  try {
    return await askAbout(prober, store, { version, listed: false });
  } catch (error) {
    if (error instanceof CannotTell) return 'listed';
    throw error;
  }
}

async function checkAccess({ store, account }: ByHandDeps, credential: string): Promise<AccessCheck[]> {
  const { prober, section, tasks } = await account(credential);
  const who = tasks.assignee ?? tasks.owner;
  const people: AccessCheck = {
    ...{ what: 'tasks', ok: true, detail: `go to ${who ?? 'nobody: set owner, or tasks.assignee'}` },
    ...(who === null && { warning: true }),
  };
  const current = (await store.versions(credential)).find(
    ({ state, parts }) => state === 'current' && parts.length > 0,
  );
  if (!prober) return [people, { what: 'probe', ok: true, warning: true, detail: noProbe(section.name) }];
  if (!current)
    return [people, { what: 'probe', ok: true, detail: `asks by ${prober.request}, once a value is adopted` }];
  return [people, await accessCheck('probe', () => probe(prober, store, current))];
}

const noProbe = (name: string): string =>
  `none is configured for ${name}: only a person can say that an old value is refused there`;

async function probe(
  prober: Prober,
  store: Store,
  current: Pick<VersionRef, 'credential' | 'number'>,
): Promise<string> {
  const { verdict } = await prober.ask(await store.unseal(current));
  if (verdict === 'refused') throw new CannotTell(`${prober.request} refuses the value in force (${prober.refusal})`);
  return `${prober.request} accepts the value in force`;
}
