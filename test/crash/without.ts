// The worker under test loads this (src/crash-test/worker-process.ts, src/simulation/employ.ts). Each entry takes
// exactly one safety rule out of what the worker is built from.
// It imports only types of the project, so that Node can run it as it is.
import { AsyncLocalStorage } from 'node:async_hooks';
import { readFileSync, writeFileSync } from 'node:fs';
import { Context } from '@temporalio/activity';
import type { Without } from '../../src/crash-test/worker-process.js';
import type { Evidence, EvidenceKind, Finding } from '../../src/domain/evidence.js';
import type { DocuElevateClient } from '../../activities/docuelevate/client.js';
import type { LocalFiles } from '../../activities/delivery/local-files.js';
import type { VersionRef } from '../../src/domain/version.js';
import type { Activities } from '../../workers/registered.js';
import type { Intent } from '../../src/store/records.js';
import type { Store } from '../../src/store/store.js';

const { DocuElevateClient: client } = (await import(
  new URL('../../dist/activities/docuelevate/client.js', import.meta.url).href
)) as { DocuElevateClient: { readonly prototype: DocuElevateClient } };
const { LocalFiles: local } = (await import(
  new URL('../../dist/activities/delivery/local-files.js', import.meta.url).href
)) as { LocalFiles: { readonly prototype: LocalFiles } };
const files = local.prototype;
const takesDocuments = 'docuelevate.processTestDocument';
const deliver = 'delivery.deliver';

const kinds: readonly EvidenceKind[] = ['accepted', 'setting-ours', 'document', 'in-use', 'seen', 'idle'];
const anybodysName = 'keyturn-openai';

function proved(kind: EvidenceKind): Evidence {
  // a provider time of 0 hides no use
  return { kind, outcome: 'proved', detail: 'nobody asked', at: Date.now(), providerTime: 0 };
}

/** Proves everything for one activity. All others see what is there: above all, that an old value is refused. */
async function shown(store: Store, ref: Parameters<Store['evidence']>[0], activity: string): Promise<Evidence[]> {
  const { activityType } = Context.current().info;
  return [...(activityType === activity ? kinds.map(proved) : []), ...(await store.evidence(ref))];
}

export const without: Readonly<Record<string, Without>> = {
  'an intent before the call': {
    store: (store) => ({
      ...store,
      async intend({ credential, number: version }): Promise<Intent> {
        const nonce = Math.random().toString(16).slice(2, 14);
        const label = `keyturn-in-mind-${nonce}`;
        return { credential, version, nonce, label, outcome: 'open', providerId: null, at: Date.now() };
      },
      keep: async (ref, _intent, made) => store.keep(ref, await store.intend(ref), made),
    }),
  },
  'compare and set': {
    store: (store) => ({
      ...store,
      async keep(ref, intent, made) {
        const kept = await store.keep(ref, intent, made).catch(() => false);
        if (!kept) await store.note(ref, made);
        return true;
      },
    }),
  },
  'labels that only we can give': {
    store: (store) => ({
      ...store,
      intend: async (ref) => ({ ...(await store.intend(ref)), label: anybodysName }),
      intents: async (credential) =>
        (await store.intents(credential)).map((intent) => ({ ...intent, label: anybodysName })),
    }),
  },
  'the fence': { store: (store) => ({ ...store, fence: async () => Date.now() }) },
  'a change leaves within its lease': {
    activities: (activities) =>
      Object.fromEntries(Object.entries(activities).map(([name, activity]) => [name, unhurried(activity)])),
  },
  'a way back that is proved': {
    store: (store) => ({ ...store, evidence: async (ref) => shown(store, ref, 'docuelevate.restoreSettings') }),
    activities: (activities) => ({ ...activities, 'openai.accepts': async () => proved('accepted') }),
  },
  'fresh proof': {
    // a reload would notice as well
    activities: (activities) => ({ ...activities, 'docuelevate.reload': async () => undefined }),
    store: (store) => ({ ...store, evidence: async (ref) => shown(store, ref, 'openai.remove') }),
  },
  'refused means refused': {
    activities: (activities, store) => ({
      ...activities,
      'openai.refuses': careless(activities['openai.refuses'], store),
    }),
  },
  'what a roll back took back is refused': {
    activities: (activities) => ({
      ...activities,
      'openai.refuses': async () => ({
        kind: 'refused',
        outcome: 'proved',
        detail: 'the provider said that it deleted it',
      }),
    }),
  },
  'every live version is contained': {
    store: (store) => ({
      ...store,
      async seize(...asked) {
        const [{ name }] = asked;
        const current = (await store.versions(name)).find(({ state }) => state === 'current');
        const seized = await store.seize(...asked);
        return { ...seized, targets: seized.targets.filter(({ number }) => number === current?.number) };
      },
    }),
  },
  'the newest attempt opens the rotation': {
    store: (store) => ({
      ...store,
      open: (credential, claims, request, { workflowId, runId }) =>
        store.open(credential, claims, request, { workflowId, runId }),
    }),
  },
  'the newest attempt seizes the credential': {
    store: (store) => ({
      ...store,
      seize: (credential, request, { workflowId, runId }) => store.seize(credential, request, { workflowId, runId }),
    }),
  },
  'what was seen is not dated anew': {
    store: (store) => ({ ...store, prove: (ref, finding) => store.prove(ref, finding) }),
  },
  'a document counts only after a reload': {
    activities: (activities, store) => ({
      ...activities,
      async [takesDocuments](run: { version: VersionRef }) {
        const observed = (await activities['docuelevate.observeDocument']?.(run as never)) as Finding;
        const finding: Finding = { ...observed, kind: 'document' };
        await store.prove(run.version, finding);
        return finding;
      },
    }),
  },
  "lines are the document's own": {
    activities: (activities) => ({ ...activities, [takesDocuments]: mixingUp(activities[takesDocuments]) }),
  },
  'a delivery looks in one breath with the rename': {
    activities: (activities) => ({ ...activities, [deliver]: blindly(activities[deliver]!) }),
  },
  'an adopted value is confirmed': {
    store: (store) => ({
      ...store,
      open: async (...asked) => ({ ...(await store.open(...asked)), unconfirmed: false }),
    }),
  },
  'a roll back makes way for an emergency': {
    workflows: changed([
      '#overtakenSince(known = this.inbox.emergencies.length) {',
      '#overtakenSince() { const known = this.inbox.emergencies.length;',
    ]),
  },
  'a store that is away ends no rotation': {
    workflows: changed(["if (run.phase === 'close' ? kind === 'lost' : kind !== 'passing')", 'if (kind)']),
  },
  'a decision answers one question': {
    workflows: changed(
      ['answers.set(request.question, request);', 'answers.set(`${answers.size} of ${request.question}`, request);'],
      ['const first = answers.get(request.question);', 'const first = undefined;'],
      [
        'this.inbox.answers.get(waiting.id)',
        '(this.waiting === waiting ? this.inbox.answers.values().next().value : null)',
      ],
      [
        'this.questions.close(waiting);',
        'this.questions.close(waiting), this.inbox.answers.delete([...this.inbox.answers.keys()][0]);',
      ],
    ),
  },
};

/** Procedures for rules that do not show with OpenAI's, whose key is delivered to nobody. */
export const measuredWith: Readonly<Record<string, string>> = {
  'a delivery looks in one breath with the rename': 'document-engine-jwt',
};

/** Replaces pieces of the built workflows. Each piece has to be there exactly once. */
function changed(...pieces: readonly (readonly [string, string])[]): (bundle: string) => string {
  return (bundle) =>
    pieces.reduce((code, [piece, by]) => {
      const [before, after, ...rest] = code.split(piece);
      if (before === undefined || after === undefined || rest.length > 0)
        throw new Error(`not once in the workflows: ${piece}`);
      return before + by + after;
    }, bundle);
}

/**
 * Writes what was read before, whatever was written since. What an activity changes in a class would stay changed for
 * the cases after it when it never comes to its end. So the class is changed once, for what runs within `blind`.
 */
function blindly(activity: Activities[string]): Activities[string] {
  return (...args) => blind.run(true, () => activity(...args));
}

const blind = new AsyncLocalStorage<true>();
const replace: LocalFiles['replace'] = Reflect.get(files, 'replace');
files.replace = async function (path, { by, expected }) {
  if (!blind.getStore()) return replace.call(this, path, { by, expected });
  const content = readFileSync(by);
  await replace.call(this, path, { by, expected }).catch(() => writeFileSync(path, content));
};

/** Counts everything that was logged under a document's id as its own, while the activity runs. */
function mixingUp(activity: Activities[string] | undefined): Activities[string] {
  return async (...args) => mixed.run({ own: '' }, async () => activity?.(...args));
}

const mixed = new AsyncLocalStorage<{ own: string }>();
const fileOf: DocuElevateClient['fileOf'] = Reflect.get(client.prototype, 'fileOf');
const file: DocuElevateClient['file'] = Reflect.get(client.prototype, 'file');
client.prototype.fileOf = async function (task) {
  const found = await fileOf.call(this, task);
  const within = mixed.getStore();
  if (within) within.own = task;
  return within && found ? { ...found, since: 0 } : found;
};
client.prototype.file = async function (id) {
  const found = await file.call(this, id);
  const own = mixed.getStore()?.own;
  return found && own !== undefined ? { ...found, logs: found.logs.map((line) => ({ ...line, task_id: own })) } : found;
};

/** Hides the heartbeat timeout. For all that the activity knows, nobody ever takes it for dead. */
function unhurried(activity: Activities[string]): Activities[string] {
  return (...args) => {
    delete (Context.current().info as { heartbeatTimeoutMs?: number }).heartbeatTimeoutMs;
    return activity(...args);
  };
}

/** Counts the lack of an answer as a refusal. */
function careless(ask: ((...args: never[]) => Promise<unknown>) | undefined, store: Store) {
  return async (version: VersionRef): Promise<unknown> => {
    try {
      return await ask?.(version as never);
    } catch {
      const finding: Finding = { kind: 'refused', outcome: 'proved', detail: 'it did not answer 200' };
      await store.prove(version, finding);
      return finding;
    }
  };
}
