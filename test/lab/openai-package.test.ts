import { fileURLToPath } from 'node:url';
import OpenAI from 'openai';
import { type OpenAiLab, openAiRoutes, startOpenAiLab } from '../../src/lab/openai/server.js';
import { createState } from '../../src/lab/openai/state.js';
import { type DeclaredTypes, declaredIn } from './declared-types.js';
import { type Overheard, startWiretap, type Wiretap } from './wiretap.js';

const resources = new URL('../../node_modules/openai/resources/', import.meta.url);
const ofProjects = 'admin/organization/projects';
const files = new Map<string, DeclaredTypes>();

let lab: OpenAiLab;
let wiretap: Wiretap;
let vendors: OpenAI;

beforeEach(async () => {
  lab = await startOpenAiLab();
  wiretap = await startWiretap(lab.url);
  const keys = { apiKey: lab.createUserKey('reader').value, adminAPIKey: lab.adminKey };
  vendors = new OpenAI({ ...keys, baseURL: `${wiretap.url}/v1`, maxRetries: 0 });
});
afterEach(async () => {
  await wiretap.stop();
  await lab.stop();
});

/** What the package declares of each answer, and its own call that gets it. */
interface Call {
  readonly declared: readonly [file: string, type: string];
  readonly call: () => Promise<unknown>;
}

/** Every call that the package has and the lab answers, but for those of a document engine. */
function calls(): Readonly<Record<string, Call>> {
  const { organization } = vendors.admin;
  const { projects } = organization;
  const { serviceAccounts, apiKeys } = projects;
  const inProject = { project_id: lab.project };
  const account = lab.createServiceAccount('engine', 2);
  const [first, second] = account.keys.map(({ id }) => id) as [string, string];
  const project = '/v1/organization/projects/{project}';
  return {
    'GET /v1/models': { declared: ['models', 'Model'], call: async () => vendors.models.list() },
    'GET /v1/organization/admin_api_keys': {
      declared: ['admin/organization/admin-api-keys', 'AdminAPIKey'],
      call: async () => organization.adminAPIKeys.list(),
    },
    [`GET ${project}`]: {
      declared: [`${ofProjects}/projects`, 'Project'],
      call: () => projects.retrieve(lab.project),
    },
    [`POST ${project}`]: {
      declared: [`${ofProjects}/projects`, 'Project'],
      call: () => projects.update(lab.project, { name: 'Letters' }),
    },
    [`GET ${project}/api_keys`]: {
      declared: [`${ofProjects}/api-keys`, 'ProjectAPIKey'],
      call: async () => apiKeys.list(lab.project, { owner_project_access: 'any' }),
    },
    [`GET ${project}/api_keys/{key}`]: {
      declared: [`${ofProjects}/api-keys`, 'ProjectAPIKey'],
      call: () => apiKeys.retrieve(first, inProject),
    },
    [`POST ${project}/api_keys/{key}`]: {
      declared: [`${ofProjects}/api-keys`, 'ProjectAPIKey'],
      call: () => apiKeys.update(first, { ...inProject, scopes: ['model.request'], expires_in_seconds: 3600 }),
    },
    [`DELETE ${project}/api_keys/{key}`]: {
      declared: [`${ofProjects}/api-keys`, 'APIKeyDeleteResponse'],
      call: () => apiKeys.delete(second, inProject),
    },
    [`GET ${project}/service_accounts`]: {
      declared: [`${ofProjects}/service-accounts/service-accounts`, 'ProjectServiceAccount'],
      call: async () => serviceAccounts.list(lab.project),
    },
    [`GET ${project}/service_accounts/{account}`]: {
      declared: [`${ofProjects}/service-accounts/service-accounts`, 'ProjectServiceAccount'],
      call: () => serviceAccounts.retrieve(account.id, inProject),
    },
    [`POST ${project}/service_accounts`]: {
      declared: [`${ofProjects}/service-accounts/service-accounts`, 'ServiceAccountCreateResponse'],
      call: () => serviceAccounts.create(lab.project, { name: 'another', expires_in_seconds: 3600 }),
    },
    [`POST ${project}/service_accounts/{account}/api_keys`]: {
      declared: [`${ofProjects}/service-accounts/api-keys`, 'APIKeyCreateResponse'],
      call: () => serviceAccounts.apiKeys.create(account.id, { ...inProject, name: 'third' }),
    },
    [`DELETE ${project}/service_accounts/{account}`]: {
      declared: [`${ofProjects}/service-accounts/service-accounts`, 'ServiceAccountDeleteResponse'],
      call: () => serviceAccounts.delete(account.id, inProject),
    },
  };
}

it("serves the calls of the vendor's package, and two more that a document engine makes", () => {
  const engines = ['POST /v1/chat/completions', 'POST /v1/embeddings'];

  const routes = Object.keys(openAiRoutes(createState({ clock: Date.now })));

  expect(routes.sort()).toEqual([...Object.keys(calls()), ...engines].sort());
});

it("answers each call of the vendor's package as the package declares it", async () => {
  const problems: string[] = [];

  for (const [route, { declared, call }] of Object.entries(calls())) {
    await call();
    const said = wiretap.overheard.at(-1) as Overheard;
    expect(`${said.method} ${said.path}`).toMatch(patternOf(route));
    problems.push(...problemsOf(said.answer, declared).map((problem) => `${route}: ${problem}`));
  }

  expect(problems).toEqual([]);
});

it('would notice a missing field, a wrong type, a value outside an enumeration, and a field of its own invention', () => {
  const declared = ['admin/organization/projects/api-keys', 'APIKeyDeleteResponse'] as const;
  const good = { object: 'organization.project.api_key.deleted', id: 'key_1', deleted: true };

  expect(problemsOf(good, declared)).toEqual([]);
  expect(problemsOf({ ...good, deleted: 'yes' }, declared)).toHaveLength(1);
  expect(problemsOf({ ...good, object: 'key' }, declared)).toHaveLength(1);
  expect(problemsOf({ ...good, made_up: 1 }, declared)).toHaveLength(1);
  expect(problemsOf({ id: 'key_1', deleted: true }, declared)).toHaveLength(1);
});

it('lets one account have several keys, of which one goes by its id and the others stay', async () => {
  const { serviceAccounts, apiKeys } = vendors.admin.organization.projects;
  const inProject = { project_id: lab.project };
  const account = await serviceAccounts.create(lab.project, { name: 'engine', create_service_account_only: true });
  const make = (name: string, more: object = {}) =>
    serviceAccounts.apiKeys.create(account.id, { ...inProject, name, ...more });
  const [one, two, three] = [
    await make('one'),
    await make('two', { scopes: ['model.request'] }),
    await make('three', { expires_in_seconds: 3600 }),
  ];

  const deleted = await apiKeys.delete(one.id, inProject);

  const listed = [];
  for await (const key of apiKeys.list(lab.project, { limit: 1, owner_project_access: 'any' })) listed.push(key);
  expect(account.api_key).toBeNull();
  expect(deleted).toMatchObject({ id: one.id, deleted: true });
  expect(listed.map(({ name }) => name)).toEqual(['reader', 'two', 'three']);
  expect(three.expires_at).toBe(three.created_at + 3600);
  expect([one, two, three].map(({ value }) => lab.works(value))).toEqual([false, true, true]);
  expect(await serviceAccounts.retrieve(account.id, inProject)).toMatchObject({ name: 'engine' });
});

it("refuses in the shape that the vendor's package reads", async () => {
  const { apiKeys } = vendors.admin.organization.projects;
  const as = (options: object) => new OpenAI({ baseURL: lab.baseUrl, maxRetries: 0, ...options });
  const { value } = lab.createUserKey('to be deleted');
  lab.killKey(lab.keys().at(-1)?.id ?? '');
  const readOnly = as({ apiKey: 'none', adminAPIKey: lab.readOnlyAdminKey }).admin.organization.projects;

  await expect(as({ apiKey: value }).models.list()).rejects.toMatchObject({ status: 401, code: 'invalid_api_key' });
  await expect(apiKeys.delete('key_none', { project_id: lab.project })).rejects.toBeInstanceOf(OpenAI.NotFoundError);
  await expect(readOnly.serviceAccounts.create(lab.project, { name: 'x' })).rejects.toMatchObject({
    status: 401,
    code: null,
    message: expect.stringContaining('Missing scopes') as string,
  });
});

function patternOf(route: string): RegExp {
  return new RegExp(`^${route.replace(/\{\w+\}/g, '[^/]+')}$`);
}

/** Of a list, every item is looked at. */
function problemsOf(answer: unknown, [file, type]: Call['declared']): string[] {
  const types = files.get(file) ?? declaredIn(fileURLToPath(new URL(`${file}.d.ts`, resources)));
  files.set(file, types);
  const { object, data } = answer as { readonly object?: string; readonly data?: readonly unknown[] };
  if (object !== 'list') return types.problems(answer, type);
  return data?.length ? data.flatMap((item) => types.problems(item, type)) : ['the list is empty'];
}
