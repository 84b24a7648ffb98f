import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '../../src/config/load.js';
import { catalog } from '../../workflows/catalog.js';

const folder = mkdtempSync(join(tmpdir(), 'keyturn-config-'));
afterAll(() => rmSync(folder, { recursive: true }));

const small = `store: sqlite:./keyturn.db
engines:
  viewer:
    kind: document-engine
    url: https://viewer.example.com
    apiToken: { env: DOCUMENT_ENGINE_API_TOKEN }
credentials:
  viewer-jwt:
    procedure: document-engine-jwt
    engine: viewer
    deliver: [{ file: ./viewer-key }]
`;

function load(text: string) {
  const file = join(folder, 'keyturn.yaml');
  writeFileSync(file, text);
  return loadConfig(file, catalog);
}

it('takes a Document Engine, with the usual algorithm and the paths of its deliveries made absolute', () => {
  const config = load(small);

  expect(config.engines.viewer).toMatchObject({ jwt: { algorithm: 'RS256', tokenLifetime: '1 hour' } });
  expect(config.credentials['viewer-jwt']?.deliver).toEqual([{ file: join(folder, 'viewer-key') }]);
});

it.each([
  ['a grace in which tokens are still alive', `${small}    grace: 30 minutes\n`, 'they live for 1 hour'],
  ['a key that goes nowhere', small.replace(/ +deliver.*\n/, ''), 'say with "deliver:" where a new privateKey goes'],
  [
    'a procedure of another engine',
    small.replace('document-engine-jwt', 'openai-api-key'),
    'needs an engine of the kind docuelevate',
  ],
  [
    'a delivery to nowhere',
    small.replace('{ file: ./viewer-key }', '{ fil: ./viewer-key }'),
    'write where the value goes',
  ],
  [
    'a part that a value does not have',
    small.replace('./viewer-key }', './viewer-key, part: privatKey }'),
    'has no part "privatKey"; did you mean "privateKey"?; write part: publicKey or part: privateKey',
  ],
  [
    'an unknown algorithm',
    small.replace('    apiToken', '    jwt: { algorithm: HS256 }\n    apiToken'),
    'must be RS256, RS512, ES256, or ES512',
  ],
])('refuses %s', (_, text, why) => {
  expect(() => load(text)).toThrow(why);
});
