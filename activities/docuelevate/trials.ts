import type { CheckOutcome, Finding } from '../../src/domain/evidence.js';
import { reporting } from '../shared/evidence.js';
import { fenced, requireFence } from '../shared/fencing.js';
import type { DocuElevateDeps } from './activities.js';
import type { DocuElevateClient } from './client.js';
import { openEngine, valuesOf } from './engine.js';
import { isProviderOf, type ProofOf, whyUnseen, whyUnused } from './proofs.js';
import type { LoginTested, Tested } from './schemas.js';
import type { DocuElevateConnection } from './session.js';
import { type Mailbox, mailUser, TrialClient } from './trial-client.js';
import { type TestEndpoint, testOf, whyNotTried } from './trial-requests.js';

/** One trial of a setting's value. */
interface Trial {
  readonly setting: string;
  /** The version's value. */
  readonly value: string;
  readonly trials: TrialClient;
  readonly client: DocuElevateClient;
  readonly connection: DocuElevateConnection;
}

interface Verdict {
  readonly outcome: CheckOutcome;
  readonly words: string;
}

type Test = (trial: Trial) => Promise<Verdict>;

const [proved, failed, unseen] = (['proved', 'failed', 'not-observable'] as const).map(
  (outcome) => (words: string) => ({ outcome, words }),
) as [Say, Say, Say];
type Say = (words: string) => Verdict;

const ofOneProcess = 'success, in one API process: this does not show the worker';
const ofPosted = 'accepted, as a posted value: this does not show what is stored';

/** Of a stored key or token. `not configured` is no success, and neither is any answer without the word. */
function ofStored(tested: Tested): Verdict {
  const { status, message, needs_reauth, is_auth_error } = tested;
  if (status === 'success') return proved(ofOneProcess);
  if (message.unconfigured) return failed('error: it is not configured');
  if (message.oauth === 'invalid_client') return failed('error: the client secret is refused');
  if (message.oauth === 'invalid_grant') return failed('error: the refresh token is refused');
  if (needs_reauth) return failed('error: the refresh token or the client secret is refused');
  return failed(is_auth_error ? 'error: the value is refused' : 'error');
}

const testAi: Test = async ({ trials, setting }) => {
  const tested = await trials.testAi();
  const { provider = '' } = tested;
  return isProviderOf(setting, provider) ? ofStored(tested) : unseen('it tried another provider');
};

/** A service account and a person's consent have tests of their own behind one address. */
const testGoogle: Test = async ({ trials, setting }) => {
  const tested = await trials.testToken('google-drive');
  const wanted = setting === 'google_drive_credentials_json' ? 'service_account' : 'oauth';
  if (tested.status === 'success' && tested.auth_type !== wanted)
    return unseen(`success of another login (${tested.auth_type ?? 'unnamed'})`);
  return ofStored(tested);
};

function ofLogin({ success, message }: LoginTested): Verdict {
  if (success) return proved(ofPosted);
  if (message.internal) return unseen('it refuses addresses of internal networks, and names that it cannot resolve');
  return failed(message.unreachable ? 'the server cannot be reached' : 'refused');
}

const testMailbox: Test = async ({ trials, client, setting, value: password }) => {
  const name = setting.replace('_password', '');
  const [host, port, username, ssl] = await shown(client, name, ['host', 'port', 'username', 'ssl']);
  if (!host || !username) return unseen(`${name}_host or ${name}_username is not set`);
  const use_ssl = !/^(false|0|no)$/i.test(ssl ?? '');
  const mailbox: Mailbox = { host, port: Number(port ?? '993'), username, password, use_ssl };
  return ofLogin(await trials.testMailbox(mailbox));
};

async function shown(client: DocuElevateClient, name: string, parts: readonly string[]): Promise<(string | null)[]> {
  const values: (string | null)[] = [];
  for (const part of parts) values.push(await client.shownValue(`${name}_${part}`));
  return values;
}

const testMail: Test = async ({ trials, connection: { testMailTo } }) => {
  if (testMailTo === undefined) return unseen('testMailTo in the configuration says where test mails go');
  const user = await trials.mailUserAt(testMailTo);
  if (!user) return unseen(`${testMailTo} belongs to another local user than ${mailUser.username}`);
  const { sent, reason } = await trials.sendMailTo(user);
  if (sent) return proved(`sent, from one API process, to ${mailUser.username}`);
  if (reason.unreachable) return failed('not sent: the mail server cannot be reached');
  return failed(reason.code === null ? 'not sent' : `not sent (${reason.code})`);
};

const testSignIn: Test = async ({ trials, client, connection, value }) => {
  const username = (await client.shownValue('admin_username')) || connection.username;
  const signsIn = await trials.signsIn(username, value);
  if (signsIn === null) return unseen(`${username} signs in with it, and is no administrator`);
  return signsIn
    ? proved(`${username} signs in with it, in one API process`)
    : failed(`${username} does not sign in with it`);
};

const testIntake: Test = async ({ trials, value }) => {
  const taken = await trials.takesSecret(value);
  if (taken === null) return unseen('it answered in another way than to a right or a wrong secret');
  return taken ? proved('one API process accepts it; nothing was handed in') : failed('refused');
};

/** A success may be that of the addresses from before a restart, or of one address among several. */
const testNotification: Test = async ({ trials }) => {
  const tested = await trials.testNotification();
  if (tested.status !== 'success') return ofStored(tested);
  return unseen('success, with the addresses that the API process read at its start');
};

const mostNames = 5; // any hit shows that the key is accepted

/** An error of the search service is an empty result, so only a hit shows something. */
const testSearch: Test = async ({ trials, client }) => {
  const names = await client.newestNames(mostNames);
  for (const name of names) if ((await trials.hits(name)) > 0) return proved(`found a document, in one API process`);
  return names.length === 0
    ? unseen('there is no document to find')
    : failed(`finds none of the ${names.length} newest documents`);
};

const testVectors: Test = async ({ trials }) => {
  const { success, code, message } = await trials.testVectorDatabase();
  if (success) return proved(ofOneProcess);
  if (code !== undefined) return unseen('the AI provider that makes the vectors failed');
  return failed(message.unconfigured ? 'it is not configured' : 'the vector database refuses it, or cannot be reached');
};

const testStripe: Test = async ({ trials }) => {
  const { configured, connection } = await trials.stripeStatus();
  if (!configured) return failed('it is not configured');
  return connection === 'ok' ? proved(ofOneProcess) : failed('the connection failed');
};

const testStripeEvent: Test = async ({ trials, value }) => {
  const answer = await trials.takesStripeEvent(value);
  if (answer === 'not configured') return unseen('billing is not configured');
  return answer === 'taken' ? proved('one API process takes an event that is signed with it') : failed('refused');
};

const testReadiness: Test = async ({ trials, setting }) => {
  const name = setting === 'database_url' ? 'database' : 'redis';
  const status = (await trials.checks())[name]?.status;
  if (status === undefined) return unseen(`it says nothing about ${name}`);
  return status === 'ok' ? proved(`${name}: ok, in one API process`) : failed(`${name}: not ok`);
};

const testQueue: Test = async ({ client }) => {
  const online = await client.workersOnline();
  return online > 0 ? proved(`${online} workers online`) : failed('no worker online');
};

/** By the endpoint in the catalog of settings. */
const tests: Readonly<Record<TestEndpoint, Test>> = {
  'GET /api/openai/test': async ({ trials }) => ofStored(await trials.testKey('openai')),
  'GET /api/azure/test': async ({ trials }) => ofStored(await trials.testKey('azure')),
  'GET /api/ai/test': testAi,
  'GET /api/dropbox/test-token': async ({ trials }) => ofStored(await trials.testToken('dropbox')),
  'GET /api/google-drive/test-token': testGoogle,
  'GET /api/onedrive/test-token': async ({ trials }) => ofStored(await trials.testToken('onedrive')),
  'POST /api/imap-accounts/test': testMailbox,
  'POST /api/admin/users/local/{id}/send-password-reset': testMail,
  'POST /auth': testSignIn,
  'POST /api/intake/documents': testIntake,
  'POST /api/diagnostic/test-notification': testNotification,
  'GET /api/search': testSearch,
  'POST /api/integrations/test': testVectors,
  'GET /api/billing/stripe/status': testStripe,
  'POST /api/billing/webhook': testStripeEvent,
  'GET /api/diagnostic/healthz/ready': testReadiness,
  'GET /api/queue/stats': testQueue,
};

/**
 * Whether DocuElevate's own test of a setting succeeds. Such a test runs in one API process and says nothing about the worker; some
 * try the posted value alone. The detail says which. Not observable where no endpoint tries the setting, or another value is tried.
 */
export async function provesByTest(deps: DocuElevateDeps, of: ProofOf): Promise<Finding> {
  const { outcome, words } = await tryOut(deps, of);
  return reporting(deps.store, of.version, 'connection')(outcome, words);
}

/** Whether DocuElevate refuses a version of a setting that it checks itself: its test of the setting fails then. */
export async function refusesByTest(deps: DocuElevateDeps, of: ProofOf): Promise<Finding> {
  const { outcome, words } = await tryOut(deps, of);
  return reporting(deps.store, of.version, 'refused')(opposite[outcome], words);
}

const opposite = { proved: 'failed', failed: 'proved', 'not-observable': 'not-observable' } as const;

async function tryOut(deps: DocuElevateDeps, { version, setting }: ProofOf): Promise<Verdict> {
  const { store } = deps;
  const endpoint = testOf(setting);
  if (!endpoint) return unseen(whyUnseen(setting, whyNotTried(setting)));
  await requireFence(store, version); // a rotation that another one has taken over must ask nothing
  const engine = await openEngine(deps, version);
  const { client, connection } = engine;
  const unused = await whyUnused(client, setting, 'test');
  if (unused !== null) return unseen(unused);
  const trials = new TrialClient(deps.sessions.of(connection), connection);
  const value = (await valuesOf(engine, version))[setting] ?? '';
  const trial = { setting, value, trials, client, connection };
  const { outcome, words } = await fenced(store, version, () => tests[endpoint](trial));
  await requireFence(store, version); // after a takeover another value may have been tried
  return { outcome, words: `${endpoint}: ${words}` };
}
