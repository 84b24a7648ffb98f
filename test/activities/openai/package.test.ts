import OpenAI from 'openai';
import { OpenAiClient } from '../../../activities/openai/client.js';
import { OpenAiSection } from '../../../activities/openai/section.js';
import { endpoints } from '../../../activities/openai/requests.js';
import { runDirectly } from '../../../activities/shared/scope.js';
import { type OpenAiLab, startOpenAiLab } from '../../../src/lab/openai/server.js';
import { sent, startWiretap, type Wiretap } from '../../lab/wiretap.js';

let lab: OpenAiLab;
let wiretap: Wiretap;

beforeEach(async () => {
  lab = await startOpenAiLab();
  wiretap = await startWiretap(lab.url);
});
afterEach(async () => {
  await wiretap.stop();
  await lab.stop();
});

const scopes = ['model.request'];
const day = 86_400;

function ourClient(): OpenAiClient {
  const section = {
    project: lab.project,
    baseUrl: `${wiretap.url}/v1`,
    adminKey: { file: './admin' },
    keyScopes: scopes,
  };
  return new OpenAiClient(OpenAiSection.parse({ ...section, keyLifetime: '1 day' }), async () => lab.adminKey);
}

/** Both ways to send each request that this folder declares. Types hold what the package is given against what it declares. */
function bothWays(
  ours: OpenAiClient,
  theirs: OpenAI,
): Record<keyof typeof endpoints, [ours: unknown, theirs: unknown]> {
  const { organization } = theirs.admin;
  const { serviceAccounts, apiKeys } = organization.projects;
  const inProject = { project_id: lab.project };
  const [account, other] = [lab.createServiceAccount('one'), lab.createServiceAccount('two')].map(({ id }) => id) as [
    string,
    string,
  ];
  const [key, another] = [lab.createUserKey('one'), lab.createUserKey('two')].map(({ id }) => id) as [string, string];
  const expires_in_seconds = day;
  return {
    listModels: [() => ours.tryKey('sk-wrong'), () => theirs.models.list()],
    getProject: [() => ours.showProject(), () => organization.projects.retrieve(lab.project)],
    listKeys: [() => ours.keys(), () => apiKeys.list(lab.project, { limit: 100, owner_project_access: 'any' })],
    listAdminKeys: [() => ours.adminKeys(), () => organization.adminAPIKeys.list({ limit: 100 })],
    listAccounts: [() => ours.accounts(), () => serviceAccounts.list(lab.project, { limit: 100 })],
    scopeKey: [() => ours.scopeKey(key), () => apiKeys.update(key, { ...inProject, scopes })],
    createKey: [
      () => ours.createKey(account, 'a name'),
      () => serviceAccounts.apiKeys.create(account, { ...inProject, name: 'a name', scopes, expires_in_seconds }),
    ],
    createAccount: [
      () => ours.createAccount('a name'),
      () => serviceAccounts.create(lab.project, { name: 'a name', expires_in_seconds }),
    ],
    deleteKey: [() => ours.deleteKey(another), () => apiKeys.delete(another, inProject)],
    deleteAccount: [() => ours.deleteAccount(other), () => serviceAccounts.delete(other, inProject)],
  };
}

it.each(Object.keys(endpoints) as (keyof typeof endpoints)[])(
  "sends %s as the vendor's own package does",
  async (name) => {
    const theirs = new OpenAI({
      ...{ apiKey: 'sk-wrong', adminAPIKey: lab.adminKey, baseURL: `${wiretap.url}/v1`, maxRetries: 0 },
    });
    const [ours, vendors] = bothWays(ourClient(), theirs)[name] as [() => Promise<unknown>, () => Promise<unknown>];

    await runDirectly({ workflowId: 'rotation/openai', runId: 'run-1' }, ours);
    await vendors().catch((error: unknown) => error); // what goes by one way is gone for the other

    expect(wiretap.overheard.map(sent)).toEqual([expect.anything(), sent(wiretap.overheard[0])]);
  },
);
