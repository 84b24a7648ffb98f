import type { Finding } from '../../src/domain/evidence.js';
import { reporting } from '../shared/evidence.js';
import { propagating } from '../shared/failures.js';
import { requireFence } from '../shared/fencing.js';
import { type Asked, judgeAcceptance, judgeEnd, judgeNoAcceptance } from '../shared/probes.js';
import { scope } from '../shared/scope.js';
import { testPdf } from '../shared/test-pdf.js';
import {
  addedFor,
  currentIdOf,
  displaced,
  documentOf,
  type EngineContext,
  knownId,
  type Observed,
  soonMs,
} from './context.js';
import { isSignedWith } from './keys.js';
import { showsPassword, showsRefusalOfPassword } from './passwords.js';
import type { ListedSecret } from './schemas.js';
import { askSigner } from './signer.js';
import { type Control, controlOf } from './succession.js';
import { type AskedFor, given, type Reading, showsKey, showsRefusalOfKey, signerWith } from './tokens.js';

/** Whether the engine accepts the version's value. */
export async function accepts(context: EngineContext): Promise<Finding> {
  const { type } = context.connection;
  if (type === 'secret_key_base') return isInForce(context);
  const reading = (await showsValue(context)) ?? (type === 'jwt' ? await showsSigner(context) : null);
  const say = reporting(context.store, context.ref, 'accepted');
  if (!reading) return say('not-observable', 'only its public half is known, and no jwt.signer is configured');
  const { verdict, detail } = reading;
  if (verdict === 'unclear') return say('not-observable', detail);
  return verdict === 'accepted'
    ? judgeAcceptance(asked(context), { kind: 'accepted', outcome: 'proved', detail })
    : judgeNoAcceptance(asked(context), detail);
}

/** Whether the engine refuses the version's value. Few requests with a wrong password: they may count as attacks. */
export async function refuses(context: EngineContext): Promise<Finding> {
  if (context.connection.type === 'secret_key_base') return isGone(context);
  const say = reporting(context.store, context.ref, 'refused');
  const control = await controlOf(context);
  if (!control) return say('not-observable', 'there is no accepted value to compare with');
  const reading = await showsRefusal(context, control);
  if (reading?.verdict === 'unclear') return say('not-observable', reading.detail);
  return judgeEnd(asked(context), reading, reading?.verdict === 'accepted' ? soonMs : 0);
}

/** The engine's verdict on the version's value. Null where no request can use it. */
export async function showsValue(context: EngineContext, options: AskedFor = {}): Promise<Reading | null> {
  const { password, privateKey } = await partsOf(context);
  if (password !== undefined) return showsPassword(context, password);
  return privateKey === undefined ? null : showsKey(context, signerWith(context, privateKey), options);
}

/** The same for a value that should be refused. */
async function showsRefusal(context: EngineContext, control: Control): Promise<Reading | null> {
  const { password, privateKey } = await partsOf(context);
  if (password !== undefined) return showsRefusalOfPassword(context, password, control);
  return privateKey === undefined ? null : showsRefusalOfKey(context, signerWith(context, privateKey), control);
}

/** Asks with a token of the signing application, which has to be signed with the version's key. */
async function showsSigner(context: EngineContext): Promise<Reading | null> {
  const { store, connection, ref } = context;
  const token = await askSigner(connection.jwt.signer);
  if (token === null) return null;
  const { publicKey = '' } = await store.unseal(ref);
  if (await isSignedWith(publicKey, token)) return showsKey(context, given(token), { isSomebodys: true });
  return { verdict: 'refused', detail: 'the application signs with another key' };
}

async function partsOf({ store, ref }: EngineContext): Promise<Readonly<Record<string, string>>> {
  return (await store.read(ref)).parts.length > 0 ? store.unseal(ref) : {};
}

/** After too many wrong passwords the engine accepts no password from an address, so two rounds have to do. */
function asked({ store, ref, connection: { type, propagationMs } }: EngineContext): Asked {
  const name = 'Document Engine';
  const prober = type === 'jwt' ? { name, propagationMs } : { name, propagationMs, noun: 'password', rounds: 2 };
  return { prober, store, ref };
}

/** No request uses a base directly. Only its entry in the list and the engine's builds can be observed. */
async function isInForce(context: EngineContext): Promise<Finding> {
  const isThere = (await listedFor(context)).length > 0;
  await context.client.builds();
  const say = reporting(context.store, context.ref, 'accepted');
  if (!isThere) return say('failed', 'no listed secret is this version');
  return say('not-observable', 'the engine lists it and builds documents; whether it uses the base cannot be observed');
}

async function isGone(context: EngineContext): Promise<Finding> {
  const isThere = (await listedFor(context)).length > 0;
  if (isThere && scope().waitedMs < 2 * soonMs)
    throw propagating('Document Engine still lists it; asked again', soonMs / 2);
  const say = reporting(context.store, context.ref, 'refused');
  if (isThere) return say('failed', 'Document Engine still lists it');
  return say('not-observable', 'the engine no longer lists it; whether it is refused cannot be observed');
}

/** The listed secrets that are known to hold the version. */
async function listedFor(context: EngineContext): Promise<ListedSecret[]> {
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

/** Whether a document can be uploaded, viewed and deleted. Idempotent: its id is our own, and an earlier attempt's document is overwritten. */
export async function processTestDocument(context: EngineContext): Promise<Observed> {
  const { store, client, ref } = context;
  const id = documentOf(context);
  await requireFence(store, ref);
  await client.upload(id, testPdf(id));
  const pages = await client.pagesOf(id);
  await client.deleteDocument(id);
  return {
    outcome: pages === 1 ? 'proved' : 'failed',
    detail: `uploaded, shown with ${pages} page${pages === 1 ? '' : 's'}, and deleted (${id})`,
  };
}
