import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connectClient, connectWorker, resolveTemporal } from '../../src/temporal/connect.js';
import { embeddedTarget } from '../../src/temporal/settings.js';
import { startEmbeddedServer, type EmbeddedServer } from '../../src/temporal/embedded.js';
import { readEnvironment } from '../../src/temporal/environment.js';
import { realTemporal, refusal, removeTemporaryDirectories, temporaryDirectory } from './support.js';

let dataDir: string;
let server: EmbeddedServer;

beforeAll(async () => {
  dataDir = temporaryDirectory();
  server = await startEmbeddedServer({ dataDir, binary: await realTemporal(), report: () => undefined });
}, 600_000);
afterAll(async () => {
  await server.stop();
  removeTemporaryDirectories();
});

/** A process environment in which only these variables are set. */
const environment = (variables: Record<string, string>) =>
  readEnvironment({ HOME: temporaryDirectory(), ...variables });

function tomlFile(...lines: string[]): string {
  const file = join(temporaryDirectory(), 'temporal.toml');
  writeFileSync(file, lines.join('\n'));
  return file;
}

describe('resolving', () => {
  it('takes the server that runs on the data when nothing is configured', async () => {
    const target = await resolveTemporal({ dataDir, environment: environment({}) });

    expect(target).toEqual(embeddedTarget(dataDir));
  });

  it('names keyturn up when nothing is configured and nothing runs', async () => {
    const refused = await refusal(resolveTemporal({ dataDir: temporaryDirectory(), environment: environment({}) }));

    expect(refused.next).toContain('keyturn up');
  });

  it('prefers TEMPORAL_ADDRESS to the server that runs on the data', async () => {
    const configured = environment({ TEMPORAL_ADDRESS: 'temporal.example.com:7233', TEMPORAL_NAMESPACE: 'keyturn' });

    const target = await resolveTemporal({ dataDir, environment: configured });

    expect(target).toMatchObject({ address: 'temporal.example.com:7233', namespace: 'keyturn', embedded: false });
  });

  it('reads profiles from temporal.toml, with an API key and so with TLS', async () => {
    const file = tomlFile('[profile.prod]', 'address = "prod.example.com:7233"', 'api_key = "from the file"');
    const configured = environment({ TEMPORAL_CONFIG_FILE: file, TEMPORAL_PROFILE: 'prod' });

    const target = await resolveTemporal({ dataDir, environment: configured });

    expect(target).toMatchObject({ namespace: 'default', connectionOptions: { apiKey: 'from the file', tls: true } });
  });

  it('looks at no TEMPORAL_* and no temporal.toml when isolated', async () => {
    const file = tomlFile('[profile.default]', 'address = "prod.example.com:7233"');
    const configured = environment({
      TEMPORAL_ADDRESS: 'prod.example.com:7233',
      TEMPORAL_CONFIG_FILE: file,
      TEMPORAL_TLS: 'yes',
    });

    const target = await resolveTemporal({ dataDir, isolated: true, environment: configured });

    expect(target).toEqual(embeddedTarget(dataDir));
  });

  it.each([
    ['TEMPORAL_TLS', 'yes', 'would turn TLS off'],
    ['TEMPORAL_CONFIG_FILE', '/nowhere/temporal.toml', '/nowhere/temporal.toml, which does not exist'],
    ['TEMPORAL_PROFILE', 'absent', 'A profile is missing'],
    ['TEMPORAL_TLS_CLIENT_CERT_PATH', '/nowhere/client.crt', '/nowhere/client.crt cannot be read (ENOENT)'],
  ])('refuses a %s of "%s"', async (name, value, why) => {
    const configured = environment({ TEMPORAL_ADDRESS: 'prod.example.com:7233', [name]: value });

    const refused = await refusal(resolveTemporal({ dataDir, environment: configured }));

    expect(refused.state).toContain(why);
  });

  it('does not quote a settings file that cannot be parsed', async () => {
    const file = tomlFile('[profile.default]', 'api_key = "the secret of the file', 'address = 3');

    const refused = await refusal(
      resolveTemporal({ dataDir, environment: environment({ TEMPORAL_CONFIG_FILE: file }) }),
    );

    expect(refused.state).toContain('not valid TOML');
    expect(JSON.stringify([refused.message, refused.state, refused.next, refused.cause])).not.toContain(
      'the secret of the file',
    );
  });
});

describe('connecting', () => {
  const nobody = {
    ...{ address: '127.0.0.1:9', namespace: 'default', embedded: true },
    connectionOptions: { address: '127.0.0.1:9' },
  };

  it('gives a client that works', async () => {
    const client = await connectClient(embeddedTarget(dataDir));

    const { capabilities } = await client.workflowService.getSystemInfo({});

    expect(capabilities).toBeTruthy();
    await client.connection.close();
  });

  it('fails in time when nobody answers, and says where', async () => {
    const startedAt = Date.now();

    const refused = await refusal(connectClient({ ...nobody, embedded: false }, 500));

    expect(refused.message).toBe('Temporal at 127.0.0.1:9 cannot be used');
    expect(refused.next).toContain('TEMPORAL_ADDRESS');
    expect(Date.now() - startedAt).toBeLessThan(2_000);
  });

  it('says that the namespace is missing', async () => {
    const refused = await refusal(connectClient({ ...embeddedTarget(dataDir), namespace: 'elsewhere' }));

    expect(refused.state).toContain('no namespace "elsewhere"');
    expect(refused.next).toContain('temporal operator namespace create --namespace elsewhere');
  });

  it('lets a worker wait for a server that starts later', async () => {
    const port = 32_050 + (process.pid % 600); // above those that servers pick by themselves, below those that systems hand out
    const elsewhere = { dataDir: temporaryDirectory(), binary: await realTemporal(), port, report: () => undefined };
    await (await startEmbeddedServer(elsewhere)).stop();
    const waiting = connectWorker(embeddedTarget(elsewhere.dataDir));

    const late = await startEmbeddedServer(elsewhere);
    const connection = await waiting;

    expect(late.address).toBe(`127.0.0.1:${port}`);
    await connection.ensureConnected();
    await connection.close();
    await late.stop();
  });

  it('does not let a worker wait for ever', async () => {
    const refused = await refusal(connectWorker(nobody, 700));

    expect(refused.message).toBe('Temporal at 127.0.0.1:9 cannot be used');
  });
});
