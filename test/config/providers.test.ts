import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError } from '../../src/config/config-error.js';
import { loadConfig } from '../../src/config/load.js';
import { providerOf } from '../../activities/providers.js';
import { claimsOf } from '../../src/config/policy.js';
import { catalog } from '../../workflows/catalog.js';

const folder = mkdtempSync(join(tmpdir(), 'keyturn-providers-'));
afterAll(() => rmSync(folder, { recursive: true }));

const group = '/subscriptions/5b1c/resourceGroups/docs/providers/Microsoft.CognitiveServices/accounts';
const engine = (name: string): string => `  ${name}:
    kind: docuelevate
    url: https://${name}.example.com
    admin: { username: keyturn, password: { env: ADMIN } }
`;
const azure = (name: string, { engine, account }: { engine: string; account: string }): string => `  ${name}:
    procedure: azure-document-intelligence-key
    engine: ${engine}
    provider:
      tenant: example.onmicrosoft.com
      clientId: 00000000-0000-0000-0000-000000000000
      clientSecret: { env: AZURE }
      account: ${account}
      endpoint: https://docs.cognitiveservices.azure.com/
`;

function load(...credentials: string[]) {
  const file = join(folder, 'keyturn.yaml');
  const text = `store: sqlite:./keyturn.db\nengines:\n${engine('one')}${engine('two')}credentials:\n${credentials.join('')}`;
  writeFileSync(file, text);
  return loadConfig(file, catalog);
}
function complaints(...credentials: string[]): string {
  try {
    load(...credentials);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
  }
  return '';
}

it('lets the two keys of an account belong to one credential, however its id is spelled', () => {
  const first = azure('first', { engine: 'one', account: `${group}/docs` });

  expect(complaints(first, azure('second', { engine: 'two', account: `${group}/others` }))).toBe('');
  expect(complaints(first, azure('second', { engine: 'two', account: `${group.toLowerCase()}/DOCS` }))).toContain(
    '"first" already rotates the keys of the same azure account',
  );
});

it('claims the account in the store as well, beside the setting', () => {
  const config = load(azure('first', { engine: 'one', account: `${group}/Docs` }));
  const descriptor = catalog.find(({ provider }) => provider === 'azure')!;

  expect(claimsOf(config, 'first', descriptor)).toEqual([
    'docuelevate:https://one.example.com#azure_ai_key',
    `azure:https://management.azure.com${group.toLowerCase()}/docs`,
  ]);
});

it('says what a resource id looks like', () => {
  const wrong = azure('first', { engine: 'one', account: 'https://docs.cognitiveservices.azure.com' });

  expect(complaints(wrong)).toContain('a resource id: /subscriptions/');
});

const aws = (
  name: string,
  { engine, user, more = '' }: { engine: string; user: string; more?: string },
): string => `  ${name}:
    procedure: aws-s3-access-keys
    engine: ${engine}
    provider: { account: '123456789012', user: ${user}, bucket: documents, region: eu-central-1 }
${more}`;

it('lets the access keys of a user belong to one credential, since a user has but two', () => {
  const first = aws('first', { engine: 'one', user: 'documents' });

  expect(complaints(first, aws('second', { engine: 'two', user: 'others' }))).toBe('');
  expect(complaints(first, aws('second', { engine: 'two', user: 'documents' }))).toContain(
    '"first" already rotates the keys of the same aws account',
  );
});

it('asks which half of a pair is delivered', () => {
  const deliver = (part: string): string =>
    aws('first', { engine: 'one', user: 'documents', more: `    deliver: [{ file: ./half${part} }]\n` });

  expect(complaints(deliver(''))).toContain('say which part of the value goes there: write part: id or part: secret');
  expect(complaints(deliver(', part: secret'))).toBe('');
});

it('takes an account id in quotes only: as a number it would lose its zeros', () => {
  const unquoted = aws('first', { engine: 'one', user: 'documents' }).replaceAll("'", '');

  expect(complaints(unquoted)).toContain('account');
});

it('lets the guide’s wait be changed where there is one, and nowhere else', () => {
  const pause = '    pause: 2 hours\n';

  expect(complaints(aws('first', { engine: 'one', user: 'documents', more: pause }))).toBe('');
  expect(complaints(azure('second', { engine: 'two', account: `${group}/docs` }) + pause)).toContain(
    'azure-document-intelligence-key does not disable a value before it deletes it',
  );
});

it.each([
  ['eu-central-1', 'https://iam.amazonaws.com', 'https://sts.eu-central-1.amazonaws.com'],
  ['cn-north-1', 'https://iam.cn-north-1.amazonaws.com.cn', 'https://sts.cn-north-1.amazonaws.com.cn'],
  ['us-gov-west-1', 'https://iam.us-gov.amazonaws.com', 'https://sts.us-gov-west-1.amazonaws.com'],
  ['eusc-de-east-1', 'https://iam.eusc-de-east-1.amazonaws.eu', 'https://sts.eusc-de-east-1.amazonaws.eu'],
])('takes the region %s, and knows where its services are', (region, iam, sts) => {
  const account = { account: '123456789012', user: 'documents', bucket: 'documents', region };

  expect(complaints(aws('first', { engine: 'one', user: 'documents' }).replace('eu-central-1', region))).toBe('');
  expect(providerOf('aws').addresses(account)).toMatchObject({ iam, sts, s3: sts.replace('sts', 's3') });
});
