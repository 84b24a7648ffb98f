import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { credentialSettings } from '../../activities/docuelevate/credential-settings.js';
import { ConfigError } from '../../src/config/config-error.js';
import { loadConfig } from '../../src/config/load.js';
import { rotationPolicyOf } from '../../src/config/policy.js';
import { planRotation } from '../../src/operations/rotate/plan.js';
import { inputOf } from '../../workers/compose.js';
import { descriptorOf } from '../../workers/descriptor.js';
import { catalog } from '../../workflows/catalog.js';
import * as workflows from '../../workflows/index.js';
import type { RotationWorkflow } from '../../workflows/rotation/define.js';

const folder = mkdtempSync(join(tmpdir(), 'keyturn-via-environment-'));
afterAll(() => rmSync(folder, { recursive: true }));

type Entry = Readonly<Record<string, unknown>>;
const deployed = { envFile: './docs.env', restart: ['docker', 'compose', 'up', '-d', '--force-recreate'] };
const byHand = (...settings: string[]): Entry => ({
  ...{ procedure: 'by-hand', settings, provider: { name: 'The server', overlap: 'both-valid' } },
});

function load(entry: Entry, deployment: Entry | undefined = deployed) {
  const file = join(folder, 'keyturn.yaml');
  const admin = { username: 'keyturn', password: { env: 'ADMIN' } };
  const docs = { kind: 'docuelevate', url: 'https://docs.example.com', admin, ...(deployment && { deployment }) };
  const viewer = {
    ...{ kind: 'document-engine', url: 'https://viewer.example.com', apiToken: { env: 'TOKEN' } },
    ...{ jwt: { algorithm: 'RS256', tokenLifetime: '1 hour' }, deployment: { replaceSecretsFromEnv: false } },
  };
  const credentials = { it: { engine: 'docs', via: 'environment', ...entry } };
  writeFileSync(file, JSON.stringify({ store: 'sqlite:./keyturn.db', engines: { docs, viewer }, credentials }));
  return loadConfig(file, catalog);
}

function complaintOf(...given: Parameters<typeof load>): string {
  try {
    load(...given);
    return '';
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
}

const addresses = Object.entries(credentialSettings).flatMap(([key, { kind }]) =>
  kind === 'environment' && key !== 'session_secret' ? [key] : [],
);

it.each(addresses)('takes %s, which counts in the environment alone', (key) => {
  expect(complaintOf(byHand(key))).toBe('');
  expect(complaintOf({ ...byHand(key), via: 'settings' })).toContain(`${key} counts only in DocuElevate's environment`);
});

it('asks a person for an address: Keyturn makes passwords', () => {
  const provider = { name: 'The database', overlap: 'both-valid', newValue: 'generated' };

  expect(complaintOf({ ...byHand('database_url'), provider })).toContain(
    'credentials.it.provider.newValue: database_url is an address: a person gives it',
  );
});

it.each([
  ['no deployment', byHand('ftp_password'), {}, 'via: engine "docs" needs deployment: { envFile: … } for that'],
  [
    'an engine without it',
    { ...byHand('ftp_password'), engine: 'viewer' },
    deployed,
    'only DocuElevate gets values by its environment',
  ],
  [
    'a token that DocuElevate renews in its database',
    byHand('onedrive_refresh_token'),
    deployed,
    'DocuElevate stores newer tokens in its database',
  ],
  ['session_secret', byHand('session_secret'), deployed, 'needs a handover between two keys'],
  [
    'a delivery of the same variable',
    { ...byHand('ftp_password'), deliver: [{ envFile: './docs.env', variable: 'FTP_PASSWORD' }] },
    deployed,
    'credentials.it.deliver.0: it is written there already',
  ],
] as const)('refuses %s', (_, entry, deployment, why) => {
  expect(complaintOf(entry, deployment)).toContain(why);
});

it.each([
  ['a command', deployed, 'command'],
  ['a person', { envFile: './docs.env' }, 'person'],
] as const)('has DocuElevate restarted by %s, as its deployment says', (_, deployment, restartedBy) => {
  const config = load(byHand('ftp_password'), deployment);

  expect(rotationPolicyOf(config, 'it', descriptorOf(config, 'it')).environment).toEqual({ restartedBy });
});

const own = catalog.filter(({ engine, anySetting }) => engine === 'docuelevate' && !anySetting);

it.each(own.map((descriptor) => [descriptor.id, descriptor] as const))(
  'feeds the value of %s to the environment, and writes no setting',
  async (_, descriptor) => {
    const workflow = (workflows as unknown as Record<string, RotationWorkflow>)[descriptor.workflow]!;
    const ref = (number: number) => ({ credential: 'it', number, fence: 1 });
    const policy = { graceMs: 0, giveUpAfterMs: 0, environment: { restartedBy: 'command' } } as const;
    const opened = { fence: 1, current: ref(1), next: ref(2), unconfirmed: true, policy };

    const plan = await planRotation(
      workflow,
      inputOf('it', { actor: 'a', trigger: 'manual', reason: 'a test' }),
      opened,
    );

    const steps = plan.flatMap((each) => ('activity' in each ? [each] : []));
    const activities = steps.map(({ activity }) => activity);
    for (const activity of [
      'writeEnvironment',
      'deleteRows',
      'restart',
      'requireNewProcesses',
      'environmentIsOurs',
      'forgetEarlier',
    ])
      expect(activities).toContain(`deployment.${activity}`);
    expect(activities.filter((each) => /^docuelevate\.(?:write|restore|reload|settingsAreOurs)/.test(each))).toEqual(
      [],
    );
    const writes = steps
      .flatMap(({ requests }) => requests)
      .filter(({ method, path }) => method === 'POST' && path === '/api/settings/{key}');
    expect(writes).toEqual([]);
  },
);
