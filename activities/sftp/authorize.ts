import type { VersionRef } from '../../src/domain/version.js';
import { requireProof } from '../shared/evidence.js';
import { requireFence } from '../shared/fencing.js';
import { needsDecision, passing } from '../shared/failures.js';
import type { SftpDeps } from './activities.js';
import { linesIn, optionsFor, withEntry, withoutKeys } from './authorized-keys.js';
import { administer, type SftpConnection } from './client.js';
import { kindOf } from './key-pair.js';
import { alternatives, type RemoteFile, type RemoteFiles } from './remote-files.js';
import { open, type Value, valueOf, type SftpWork } from './standing.js';

/** Which versions an emergency ends, on behalf of the one that takes their place. */
export interface Removal {
  readonly version: VersionRef;
  readonly targets: readonly VersionRef[];
}

/** What a line is called: for people alone, nothing goes by it. */
const comment = ({ credential, number }: VersionRef): string => `docuelevate-sftp keyturn-${credential}-v${number}`;

export async function authorizeKey(deps: SftpDeps, ref: VersionRef): Promise<void> {
  const work = await open(deps, ref);
  const { store } = work;
  const value = await valueOf(store, ref);
  if (!value) throw needsDecision(`version ${ref.number} of ${ref.credential} has no key that could be let in`);
  const { publicKey } = value;
  const earlier = await earlierValues(work);
  let options: string[] = [];
  await store.note(ref, { provider: 'unknown' });
  await edit(work.connection, {
    present: () => requireFence(store, ref),
    change(text) {
      options = optionsOf(text, [value, ...earlier]);
      return withEntry(text, { options, kind: kindOf(publicKey), publicKey, comment: comment(ref) });
    },
  });
  const joined = options.join('\n');
  if (joined !== (value.options ?? '')) await store.note(ref, { parts: { options: joined } });
  await requireFence(store, ref).catch(async (error: unknown) => {
    await takeBack(work, publicKey);
    throw error;
  });
}

/** A new key may do what the one before it may, and no more; an emergency may have removed that one's lines already. */
function optionsOf(text: string, values: readonly Value[]): string[] {
  const lines = linesIn(text);
  const own = values.map(({ publicKey }) => lines.filter((line) => line.publicKey === publicKey));
  const there = own.find((each) => each.length > 0);
  if (there) return optionsFor(there);
  const kept = values.find(({ options }) => options !== undefined)?.options ?? '';
  return optionsFor(kept.split('\n').map((options) => ({ options, publicKey: '', comment: '' })));
}

export async function removeKey(deps: SftpDeps, ref: VersionRef): Promise<void> {
  await remove(deps, ref, [ref]);
}

/** All in one step: side by side, one removal would bring back what another one has removed. */
export async function removeKeys(deps: SftpDeps, { version, targets }: Removal): Promise<void> {
  await remove(deps, version, targets);
}

async function remove(deps: SftpDeps, ref: VersionRef, targets: readonly VersionRef[]): Promise<void> {
  const work = await open(deps, ref);
  const { store } = work;
  const publicKeys: string[] = [];
  for (const target of targets) {
    const value = await valueOf(store, target);
    if (!value) continue;
    publicKeys.push(value.publicKey);
    await store.note(target, { provider: 'unknown' });
  }
  if (publicKeys.length === 0) return;
  await edit(work.connection, {
    async present() {
      for (const target of targets) await requireProof(store, target);
    },
    change: (text) => withoutKeys(text, publicKeys),
  });
}

/** The newest first. */
async function earlierValues({ store, ref }: SftpWork): Promise<Value[]> {
  const values: Value[] = [];
  for (const { number } of (await store.versions(ref.credential)).toSorted((a, b) => b.number - a.number)) {
    const value = number < ref.number ? await valueOf(store, { ...ref, number }) : null;
    if (value) values.push(value);
  }
  return values;
}

/** A late attempt clears away what it has just added. What has come into force meanwhile stays, whoever made it so. */
async function takeBack(work: SftpWork, publicKey: string): Promise<void> {
  const { state } = await work.store.read(work.ref);
  if (state === 'current' || state === 'retiring') return;
  await edit(work.connection, { present: async () => undefined, change: (text) => withoutKeys(text, [publicKey]) });
}

interface Edit {
  /** The text as it should be; the same text when nothing is to be done. */
  readonly change: (text: string) => string;
  /** Presents what the change takes: it may not be made when this throws. */
  readonly present: () => Promise<void>;
}

const mostTries = 5;

/** Replaces authorized_keys until a look at it shows that nothing is left to change. Somebody else's edit meanwhile is kept. */
export async function edit(connection: SftpConnection, { change, present }: Edit): Promise<void> {
  const { authorizedKeys } = connection;
  await administer(connection, async (files) => {
    for (let tries = 0; tries < mostTries; tries++) {
      const before = await readKeys(files, authorizedKeys);
      const text = change(before.text);
      if (text === before.text) return;
      const beside = await files.writeBeside(before, text);
      let replaced = false;
      try {
        await present();
        replaced = (await readKeys(files, authorizedKeys)).text === before.text;
        if (replaced) await files.replace(before.path, beside);
      } catch (error) {
        replaced = false;
        throw error;
      } finally {
        if (!replaced) await files.remove(beside);
      }
    }
    throw passing(`somebody else keeps changing ${authorizedKeys}`);
  });
}

export async function readKeys(files: RemoteFiles, path: string): Promise<RemoteFile> {
  const file = await files.read(path);
  if (file) return file;
  throw needsDecision(`there is no ${path} for the administrator to see. ${alternatives}`);
}
