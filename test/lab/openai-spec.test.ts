import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { request } from 'undici';
import { type OpenAiLab, openAiRoutes, startOpenAiLab } from '../../src/lab/openai/server.js';
import { createState } from '../../src/lab/openai/state.js';
import { type Description, readDescription } from './schema.js';

const folder = process.env.KEYTURN_VENDOR_SPECS;

if (folder === undefined) {
  it('is not held against the vendor’s description, because KEYTURN_VENDOR_SPECS names no folder that has it', () => {
    console.log('KEYTURN_VENDOR_SPECS is not set: the OpenAI lab was not held against openai-admin.yaml');
  });
} else {
  describe("the OpenAI lab, held against the vendor's description", () => {
    let lab: OpenAiLab;
    let description: Description;

    beforeAll(async () => {
      description = readDescription(await readFile(join(folder, 'openai-admin.yaml'), 'utf8'));
      lab = await startOpenAiLab();
    });
    afterAll(() => lab.stop());

    async function call(method: 'GET' | 'POST' | 'DELETE', path: string, body?: object): Promise<unknown> {
      const key = path === '/models' ? lab.createUserKey('reader').value : lab.adminKey;
      const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
      const response = await request(`${lab.baseUrl}${path}`, {
        method,
        headers,
        body: body ? JSON.stringify(body) : null,
      });
      return response.body.json();
    }

    it('serves only calls the vendor has, but for the two of a document engine', () => {
      const described = Object.entries(description.paths).flatMap(([path, methods]) =>
        Object.keys(methods).map((method) => `${method.toUpperCase()} /v1${path.replace(/\{\w+\}/g, '{}')}`),
      );

      const routes = Object.keys(openAiRoutes(createState({ clock: Date.now })));
      const unknown = routes.filter((route) => !described.includes(route.replace(/\{\w+\}/g, '{}')));

      expect(unknown).toEqual(['POST /v1/chat/completions', 'POST /v1/embeddings']);
    });

    it('answers reads in the described shapes', async () => {
      const account = lab.createServiceAccount('reader', 2);
      const person = lab.createUserKey('by hand');
      const project = `/organization/projects/${lab.project}`;

      const answers: [string, string][] = [
        ['/models', 'ListModelsResponse'],
        ['/organization/admin_api_keys', 'ApiKeyList'],
        [project, 'Project'],
        [`${project}/api_keys?owner_project_access=any&limit=1`, 'ProjectApiKeyListResponse'],
        [`${project}/api_keys/${person.id}`, 'ProjectApiKey'],
        [`${project}/api_keys/${account.keys[0]?.id}`, 'ProjectApiKey'],
        [`${project}/service_accounts`, 'ProjectServiceAccountListResponse'],
        [`${project}/service_accounts/${account.id}`, 'ProjectServiceAccount'],
      ];

      for (const [path, schema] of answers) expect(description.problems(await call('GET', path), schema)).toEqual([]);
    });

    it('answers writes in the described shapes', async () => {
      const account = lab.createServiceAccount('writer');
      const person = lab.createUserKey('by hand');
      const project = `/organization/projects/${lab.project}`;
      const accounts = `${project}/service_accounts`;

      const answers: [string, unknown][] = [
        ['Project', await call('POST', project, { name: 'Letters' })],
        ['ProjectServiceAccountCreateResponse', await call('POST', accounts, { name: 'a' })],
        [
          'ProjectServiceAccountCreateResponse',
          await call('POST', accounts, { name: 'a', create_service_account_only: true }),
        ],
        ['ServiceAccountApiKeyBody', await call('POST', `${accounts}/${account.id}/api_keys`, { name: 'second' })],
        ['ProjectApiKeyDeleteResponse', await call('DELETE', `${project}/api_keys/${person.id}`)],
        ['ProjectApiKeyDeleteResponse', await call('DELETE', `${project}/api_keys/${account.keys[0]?.id}`)],
        ['ErrorResponse', await call('DELETE', `${project}/api_keys/${account.keys[0]?.id}`)],
        ['ErrorResponse', await call('POST', `/organization/projects/${lab.defaultProject}`, { name: 'x' })],
        [
          'ErrorResponse',
          await call('POST', `/organization/projects/${lab.defaultProject}/service_accounts`, { name: 'x' }),
        ],
        ['ProjectServiceAccountDeleteResponse', await call('DELETE', `${accounts}/${account.id}`)],
        ['ErrorResponse', await call('GET', `${accounts}/${account.id}`)],
      ];

      for (const [schema, answer] of answers) expect(description.problems(answer, schema)).toEqual([]);
    });

    it('would notice a missing field, a wrong type and a value outside an enumeration', () => {
      const good = { object: 'organization.project.api_key.deleted', id: 'key_1', deleted: true };

      expect(description.problems(good, 'ProjectApiKeyDeleteResponse')).toEqual([]);
      expect(description.problems({ ...good, deleted: 'yes' }, 'ProjectApiKeyDeleteResponse')).toHaveLength(1);
      expect(description.problems({ ...good, object: 'key' }, 'ProjectApiKeyDeleteResponse')).toHaveLength(1);
      expect(description.problems({ id: 'key_1', deleted: true }, 'ProjectApiKeyDeleteResponse')).toHaveLength(1);
    });
  });
}
