import type { Finding } from '../../src/domain/evidence.js';
import { recordFinding } from '../shared/evidence.js';
import { propagating } from '../shared/failures.js';
import { type Asked, judgeAcceptance, judgeEnd, judgeNoAcceptance } from '../shared/probes.js';
import { scope } from '../shared/scope.js';
import { addedFor, currentIdOf, displaced, type DocumentEngineContext, knownId, soonMs } from './context.js';
import { isSignedWith } from './keys.js';
import { showsPassword, showsRefusalOfPassword } from './passwords.js';
import type { ListedSecret } from './schemas.js';
import { askSigner } from './signer.js';
import { type Control, controlOf } from './succession.js';
import { type AskedFor, given, type Reading, showsKey, showsRefusalOfKey, signerWith } from './tokens.js';

export async function accepts(context: DocumentEngineContext): Promise<Finding> {
  const { type } = context.connection;
  if (type === 'secret_key_base') return isInForce(context);
  const reading = (await showsValue(context)) ?? (type === 'jwt' ? await showsSigner(context) : null);
  const { store, ref } = context;
  const say = (outcome: Finding['outcome'], detail: string): Finding => ({ kind: 'accepted', outcome, detail });
  const unknown = 'only its public half is known, and no jwt.signer is configured';
  if (!reading) return recordFinding(store, ref, say('not-observable', unknown));
  const { verdict, detail } = reading;
  if (verdict === 'unclear') return recordFinding(store, ref, say('not-observable', detail));
  return verdict === 'accepted'
    ? judgeAcceptance(asked(context), say('proved', detail))
    : judgeNoAcceptance(asked(context), detail);
}

export async function refuses(context: DocumentEngineContext): Promise<Finding> {
  if (context.connection.type === 'secret_key_base') return isGone(context);
  const { store, ref } = context;
  const say = (detail: string) => recordFinding(store, ref, { kind: 'refused', outcome: 'not-observable', detail });
  const control = await controlOf(context);
  if (!control) return say('there is no accepted value to compare with');
  const reading = await showsRefusal(context, control);
  if (reading?.verdict === 'unclear') return say(reading.detail);
  return judgeEnd(asked(context), reading, reading?.verdict === 'accepted' ? soonMs : 0);
}

/** The engine's verdict on the version's value. Null where no request can use it. */
export async function showsValue(context: DocumentEngineContext, options: AskedFor = {}): Promise<Reading | null> {
  const { password, privateKey } = await partsOf(context);
  if (password !== undefined) return showsPassword(context, password);
  return privateKey === undefined ? null : showsKey(context, signerWith(context, privateKey), options);
}

/** The same for a value that should be refused. */
async function showsRefusal(context: DocumentEngineContext, control: Control): Promise<Reading | null> {
  const { password, privateKey } = await partsOf(context);
  if (password !== undefined) return showsRefusalOfPassword(context, password, control);
  return privateKey === undefined ? null : showsRefusalOfKey(context, signerWith(context, privateKey), control);
}

/** Asks with a token of the signing application, which has to be signed with the version's key. */
async function showsSigner(context: DocumentEngineContext): Promise<Reading | null> {
  const { store, connection, ref } = context;
  const token = await askSigner(connection.jwt.signer);
  if (token === null) return null;
  const { publicKey = '' } = await store.unseal(ref);
  if (await isSignedWith(publicKey, token)) return showsKey(context, given(token), { isSomebodys: true });
  return { verdict: 'refused', detail: 'the application signs with another key' };
}

async function partsOf({ store, ref }: DocumentEngineContext): Promise<Readonly<Record<string, string>>> {
  return (await store.read(ref)).parts.length > 0 ? store.unseal(ref) : {};
}

/** After too many wrong passwords the engine accepts no password from an address, so two rounds have to do. */
function asked({ store, ref, connection: { type, propagationMs } }: DocumentEngineContext): Asked {
  const name = 'Document Engine';
  const prober = type === 'jwt' ? { name, propagationMs } : { name, propagationMs, noun: 'password', rounds: 2 };
  return { prober, store, ref };
}

/** No request uses a base directly. Only its entry in the list and the engine's builds can be observed. */
async function isInForce(context: DocumentEngineContext): Promise<Finding> {
  const { store, client, ref } = context;
  const isThere = (await listedFor(context)).length > 0;
  await client.builds();
  const detail = 'the engine lists it and builds documents; whether it uses the base cannot be observed';
  return recordFinding(store, ref, {
    kind: 'accepted',
    ...(isThere
      ? { outcome: 'not-observable', detail }
      : { outcome: 'failed', detail: 'no listed secret is this version' }),
  });
}

async function isGone(context: DocumentEngineContext): Promise<Finding> {
  const isThere = (await listedFor(context)).length > 0;
  if (isThere && scope().waitedMs < 2 * soonMs)
    throw propagating('Document Engine still lists it; asked again', soonMs / 2);
  const detail = 'the engine no longer lists it; whether it is refused cannot be observed';
  return recordFinding(context.store, context.ref, {
    kind: 'refused',
    ...(isThere
      ? { outcome: 'failed', detail: 'Document Engine still lists it' }
      : { outcome: 'not-observable', detail }),
  });
}

/** The listed secrets that are known to hold the version. */
async function listedFor(context: DocumentEngineContext): Promise<ListedSecret[]> {
  const { store, client, connection, ref } = context;
  const listed = await client.secrets();
  const id = await knownId(context);
  const newer = (await store.versions(ref.credential)).filter(({ number }) => number > ref.number);
  // The secret got a newer value, or a throwaway one.
  const isOverwritten = newer.some((version) =>
    [currentIdOf(version, connection), version.receipts[displaced]?.ours].includes(id),
  );
  const own = isOverwritten ? [] : listed.filter((secret) => secret.id === id);
  return [...addedFor(context, listed), ...own];
}
