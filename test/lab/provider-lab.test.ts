import { once } from 'node:events';
import ssh2 from 'ssh2';
import { linesOf } from '../../src/lab/canary.js';
import type { DocuElevateLab } from '../../src/lab/docuelevate/server.js';
import type { Scenario, StartScenario } from '../../src/lab/scenario.js';
import { startAwsS3AccessKeys } from '../../src/lab/scenarios/aws-s3-access-keys.js';
import { startAzureDocumentIntelligenceKey } from '../../src/lab/scenarios/azure-document-intelligence-key.js';
import { startNextcloudAppPassword } from '../../src/lab/scenarios/nextcloud-app-password.js';
import { startOpenAiApiKey } from '../../src/lab/scenarios/openai-api-key.js';
import { startPaperlessToken } from '../../src/lab/scenarios/paperless-token.js';
import { startSftpPrivateKey } from '../../src/lab/scenarios/sftp-private-key.js';
import { call } from './call.js';

interface Case {
  readonly name: string;
  readonly start: StartScenario;
  /** The part of the adopted value that it is known by. */
  readonly part: string;
  readonly setting: string;
  /** What the engine holds when a person breaks the setting. */
  readonly broken: string | null;
  /** How many values the account has besides. */
  readonly others: number;
  /** A request of Keyturn's. */
  readonly ask: (url: string) => Promise<unknown>;
  readonly received: object;
}

const nothing = { ask: (url: string) => call(`${url}/nothing/there`), path: '/nothing/there' };
const plain = { broken: 'wrong', others: 0, ask: nothing.ask };
const receivedBy = (system: string) => ({ received: { system, path: nothing.path } });

const cases: readonly Case[] = [
  {
    name: 'openai',
    start: startOpenAiApiKey,
    part: 'key',
    setting: 'openai_api_key',
    ...plain,
    ...receivedBy('openai'),
  },
  {
    ...{ name: 'azure', start: startAzureDocumentIntelligenceKey, part: 'key', setting: 'azure_ai_key' },
    ...{ ...plain, others: 1, ...receivedBy('document-intelligence') },
  },
  {
    ...{ name: 'aws', start: startAwsS3AccessKeys, part: 'secret', setting: 'aws_secret_access_key' },
    ...{ ...plain, broken: null, ...receivedBy('s3') },
  },
  {
    ...{ name: 'sftp', start: startSftpPrivateKey, part: 'publicKey', setting: 'sftp_private_key' },
    ...{ ...plain, broken: null, ask: knock, received: { system: 'sftp', method: 'LOGIN', path: '/nobody' } },
  },
  {
    ...{ name: 'nextcloud', start: startNextcloudAppPassword, part: 'password', setting: 'nextcloud_password' },
    ...{ ...plain, ...receivedBy('nextcloud') },
  },
  {
    ...{ name: 'paperless', start: startPaperlessToken, part: 'token', setting: 'paperless_ngx_api_token' },
    ...{ ...plain, ...receivedBy('paperless') },
  },
];

describe.each(cases)('the scenario of $name', ({ name, start, part, setting, broken, others, ask, received }) => {
  let scenario: Scenario;

  beforeEach(async () => {
    scenario = await start();
  });
  afterEach(() => scenario.stop());

  it('begins with one value, which the engine holds and can use', async () => {
    const value = scenario.adopted[part];

    expect([scenario.engineHolds(), scenario.working()[0]]).toEqual([value, value]);
    expect(scenario.working()).toHaveLength(1 + others);
    expect(await scenario.consume()).toBe(true);
  });

  it('names every secret that is there', () => {
    const secrets = scenario.secrets();
    const adopted = Object.entries(scenario.adopted).filter(([name]) => !['id', 'publicKey'].includes(name));

    const given = [...adopted.map(([, value]) => value), ...Object.values(scenario.secretFiles)];
    expect(secrets).toEqual(expect.arrayContaining(given.flatMap(asSearched)));
    for (const secret of secrets) expect(JSON.stringify(scenario.config)).not.toContain(secret);
  });

  it('tells what others than the engine asked for', async () => {
    await scenario.consume();
    expect(scenario.received()).toEqual([]);

    await ask(scenario.systems[name]?.url ?? '');

    expect(scenario.received()).toEqual([expect.objectContaining(received)]);
  });

  it('shows whether the value still works for the engine', async () => {
    (scenario.systems['docuelevate'] as DocuElevateLab).editSetting(setting, 'wrong', 'somebody');

    expect([scenario.engineHolds(), await scenario.consume()]).toEqual([broken, false]);
  });
});

function asSearched(secret: string): string[] {
  return secret.includes('-----') ? linesOf(secret) : [secret];
}

/** Tries a login that the server refuses. */
async function knock(url: string): Promise<void> {
  const client = new ssh2.Client();
  client.on('error', () => undefined); // a connection that is cut afterwards
  const refused = once(client, 'error');
  client.connect({
    host: '127.0.0.1',
    port: Number(new URL(url).port),
    username: 'nobody',
    password: '-',
    ident: 'keyturn',
  });
  await refused;
  client.destroy();
}
