import { CognitiveServicesManagementClient } from '@azure/arm-cognitiveservices';
import { AzureClient } from '../../../activities/azure/client.js';
import type { endpoints } from '../../../activities/azure/requests.js';
import { runDirectly } from '../../../activities/shared/scope.js';
import { type AzureLab, startAzureLab } from '../../../src/lab/azure/server.js';
import { sent, startWiretap, type Wiretap } from '../../lab/wiretap.js';

let lab: AzureLab;
let wiretap: Wiretap;

beforeEach(async () => {
  lab = await startAzureLab();
  wiretap = await startWiretap(lab.url);
});
afterEach(async () => {
  await wiretap.stop();
  await lab.stop();
});

function ourClient(): AzureClient {
  const [{ tenant, account }, { clientId, secret }] = [lab, lab.app];
  const connection = { tenant, clientId, clientSecret: async () => secret, account, propagationMs: 0 };
  return new AzureClient({ ...connection, endpoint: lab.url, login: lab.url, management: wiretap.url });
}

/** The vendor's, with a token of the lab's. Its own way of sending tokens refuses an address without TLS. */
async function theirClient(): Promise<CognitiveServicesManagementClient> {
  const credential = { getToken: async () => null };
  const [, , subscription = ''] = lab.account.split('/');
  const client = new CognitiveServicesManagementClient(credential, subscription, {
    ...{ endpoint: wiretap.url, allowInsecureConnection: true, retryOptions: { maxRetries: 0 } },
  });
  client.pipeline.removePolicy({ name: 'bearerTokenAuthenticationPolicy' });
  const token = await signIn();
  client.pipeline.addPolicy({
    name: 'token of the lab',
    async sendRequest(request, next) {
      request.headers.set('authorization', `Bearer ${token}`);
      return next(request);
    },
  });
  return client;
}

async function signIn(): Promise<string> {
  const { clientId, secret } = lab.app;
  const asked = { grant_type: 'client_credentials', client_id: clientId, client_secret: secret };
  const body = new URLSearchParams({ ...asked, scope: `${wiretap.url}/.default` });
  const answer = await fetch(`${lab.url}/${lab.tenant}/oauth2/v2.0/token`, { method: 'POST', body });
  return ((await answer.json()) as { access_token: string }).access_token;
}

/** Group and name, as the vendor's package wants them. */
function ofAccount(): [group: string, name: string] {
  const [, , , , group = '', , , , name = ''] = lab.account.split('/');
  return [group, name];
}

type Managing = Extract<keyof typeof endpoints, 'getAccount' | 'listKeys' | 'regenerateKey'>;

const ours: Record<Managing, (client: AzureClient) => Promise<unknown>> = {
  getAccount: (client) => client.account(),
  listKeys: (client) => client.keys(),
  regenerateKey: (client) => client.regenerate('Key2'),
};
const theirs: Record<Managing, (client: CognitiveServicesManagementClient) => Promise<unknown>> = {
  getAccount: ({ accounts }) => accounts.get(...ofAccount()),
  listKeys: ({ accounts }) => accounts.listKeys(...ofAccount()),
  regenerateKey: ({ accounts }) => accounts.regenerateKey(...ofAccount(), 'Key2'),
};

it.each(Object.keys(ours) as Managing[])("sends %s as the vendor's own package does", async (name) => {
  await runDirectly({ workflowId: 'rotation/azure', runId: 'run-1' }, () => ours[name](ourClient()));
  await theirs[name](await theirClient());

  expect(wiretap.overheard.map(sent)).toEqual([expect.anything(), sent(wiretap.overheard[0])]);
});

it("answers what the vendor's own package reads of an account and its keys", async () => {
  const [client, before] = [await theirClient(), lab.inSlot('Key1')];

  const listed = await theirs.listKeys(client);
  const regenerated = await theirs.regenerateKey(client);
  const account = await theirs.getAccount(client);

  expect(listed).toMatchObject({ key1: before });
  expect(regenerated).toEqual({ key1: before, key2: lab.inSlot('Key2') });
  expect(account).toMatchObject({
    ...{ id: lab.account, kind: 'FormRecognizer', location: 'westeurope' },
    properties: { disableLocalAuth: false, endpoint: expect.any(String) as string, provisioningState: 'Succeeded' },
  });
});

it("refuses in the shape that the vendor's own package reads", async () => {
  const client = await theirClient();
  lab.disableKeys();

  await expect(theirs.listKeys(client)).rejects.toMatchObject({ statusCode: 400, code: 'BadRequest' });
  await expect(client.accounts.get(ofAccount()[0], 'another')).rejects.toMatchObject({
    ...{ statusCode: 403, code: 'AuthorizationFailed' },
  });
});
