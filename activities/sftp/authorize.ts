import type { VersionRef } from '../../src/domain/version.js';
import { requireProof } from '../shared/evidence.js';
import { requireFence } from '../shared/fencing.js';
import { needsDecision, passing } from '../shared/failures.js';
import { acceptedAgain } from '../shared/probes.js';
import type { SftpDeps } from './activities.js';
import { linesIn, optionsFor, withEntry, withKeyOff, withKeyOn, withoutKeys } from './authorized-keys.js';
import { administer, type SftpConnection } from './client.js';
import { kindOf } from './key-pair.js';
import { contextOf, readKeys, requireOwnKey, requireValue, type SftpContext, type Value, valueOf } from './context.js';
import { proberOf } from './probes.js';

/** The versions that an emergency ends (`targets`), on behalf of the version that replaces them. */
interface Removal {
  readonly version: VersionRef;
  readonly targets: readonly VersionRef[];
}

/** Comment of a line. For people only; the program never reads it. */
const comment = ({ credential, number }: VersionRef): string => `docuelevate-sftp keyturn-${credential}-v${number}`;

/** Adds the version's public key to authorized_keys. Idempotent. */
export async function authorizeKey(deps: SftpDeps, ref: VersionRef): Promise<void> {
  const context = await contextOf(deps, ref);
  const { store } = context;
  const value = await requireValue(context, ' to authorize');
  const { publicKey } = value;
  const earlier = await earlierValues(context);
  let options: string[] = [];
  await store.note(ref, { provider: 'unknown' });
  await edit(context.connection, {
    requireWriter: () => requireFence(store, ref),
    change(text) {
      options = optionsOf(text, [value, ...earlier]);
      return withEntry(text, { options, kind: kindOf(publicKey), publicKey, comment: comment(ref) });
    },
  });
  const joined = options.join('\n');
  if (joined !== (value.options ?? '')) await store.note(ref, { parts: { options: joined } });
  await requireFence(store, ref).catch(async (error: unknown) => {
    await takeBack(context, publicKey);
    throw error;
  });
}

/** Options of the previous key, so that the new one may do the same and no more. An emergency may have removed its lines already. */
function optionsOf(text: string, values: readonly Value[]): string[] {
  const lines = linesIn(text);
  const own = values.map(({ publicKey }) => lines.filter((line) => line.publicKey === publicKey));
  const there = own.find((each) => each.length > 0);
  if (there) return optionsFor(there);
  const kept = values.find(({ options }) => options !== undefined)?.options ?? '';
  return optionsFor(kept.split('\n').map((options) => ({ options, publicKey: '', comment: '' })));
}

/** Removes the version's public key from authorized_keys, enabled or not, found by the key and not by its comment. Needs fresh proof. */
export async function removeKey(deps: SftpDeps, version: VersionRef): Promise<void> {
  await removeKeys(deps, { version, targets: [version] });
}

/** Emergency: removes the keys of several versions in one step. Parallel removals would restore each other's lines. */
export async function removeKeys(deps: SftpDeps, { version, targets }: Removal): Promise<void> {
  const { store, connection } = await contextOf(deps, version);
  const publicKeys: string[] = [];
  for (const target of targets) {
    const value = await valueOf(store, target);
    if (!value) continue;
    publicKeys.push(value.publicKey);
    await store.note(target, { provider: 'unknown' });
  }
  if (publicKeys.length === 0) return;
  await edit(connection, {
    async requireWriter() {
      for (const target of targets) await requireProof(store, target);
    },
    change: (text) => withoutKeys(text, publicKeys),
  });
}

/**
 * Comments the version's line of authorized_keys out before its removal: a server does not show which key a login used, but a disabled one
 * cannot be used. Can be undone. Needs fresh proof.
 */
export async function disableKey(deps: SftpDeps, ref: VersionRef): Promise<void> {
  const { store, connection } = await contextOf(deps, ref);
  await requireProof(store, ref, true);
  const value = await valueOf(store, ref);
  if (!value) return;
  await requireOwnKey(connection, [value.publicKey]);
  await store.note(ref, { provider: 'unknown' });
  await edit(connection, {
    requireWriter: () => requireProof(store, ref, true),
    change: (text) => withKeyOff(text, value.publicKey),
  });
  await store.note(ref, { provider: 'disabled' });
}

/** Restores that line, and waits until the server accepts the key. Idempotent: an active line stays as it is. */
export async function enableKey(deps: SftpDeps, ref: VersionRef): Promise<void> {
  const { store, connection } = await contextOf(deps, ref);
  const value = await valueOf(store, ref);
  if (!value || (await store.read(ref)).compromised) throw staysOff(ref, 'it is compromised, or has no value');
  let isThere = false;
  await edit(connection, {
    requireWriter: () => requireFence(store, ref),
    change(text) {
      const on = withKeyOn(text, value.publicKey);
      isThere = linesIn(on).some(({ publicKey }) => publicKey === value.publicKey);
      return on;
    },
  });
  if (!isThere) throw staysOff(ref, `${connection.authorizedKeys} no longer holds it, not even switched off`);
  await store.note(ref, { provider: 'unknown' });
  await acceptedAgain(await proberOf(deps, ref), store, ref);
}

function staysOff({ credential, number }: VersionRef, why: string): Error {
  return needsDecision(`version ${number} of ${credential} stays off: ${why}`);
}

/** Values of earlier versions, newest first. */
async function earlierValues({ store, ref }: SftpContext): Promise<Value[]> {
  const values: Value[] = [];
  for (const { number } of (await store.versions(ref.credential)).toSorted((a, b) => b.number - a.number)) {
    const value = number < ref.number ? await valueOf(store, { ...ref, number }) : null;
    if (value) values.push(value);
  }
  return values;
}

/** Removes the line that a late attempt has just added, unless the version has come into force meanwhile. */
async function takeBack(context: SftpContext, publicKey: string): Promise<void> {
  const { state } = await context.store.read(context.ref);
  if (state === 'current' || state === 'retiring') return;
  await edit(context.connection, {
    requireWriter: async () => undefined,
    change: (text) => withoutKeys(text, [publicKey]),
  });
}

interface Edit {
  /** Returns the new text. The same text: nothing to change. */
  readonly change: (text: string) => string;
  /** Throws when this attempt may not make the change. Called as late as possible. */
  readonly requireWriter: () => Promise<void>;
}

const mostTries = 5;

/** Replaces authorized_keys until reading it shows nothing left to change. Other people's edits meanwhile are kept. */
export async function edit(connection: SftpConnection, { change, requireWriter }: Edit): Promise<void> {
  await administer(connection, async (files) => {
    for (let tries = 0; tries < mostTries; tries++) {
      const before = await readKeys(files, connection);
      const text = change(before.text);
      if (text === before.text) return;
      const beside = await files.writeBeside(before, text);
      let replaced = false;
      try {
        await requireWriter();
        replaced = (await readKeys(files, connection)).text === before.text;
        if (replaced) await files.replace(before.path, beside);
      } catch (error) {
        replaced = false;
        throw error;
      } finally {
        if (!replaced) await files.remove(beside);
      }
    }
    throw passing(`another program keeps changing ${connection.authorizedKeys}`);
  });
}
