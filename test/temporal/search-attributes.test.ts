import type { Client } from '@temporalio/client';
import { TypedSearchAttributes } from '@temporalio/common';
import { keyturnCredential, keyturnEmergency, searchAttributes } from '../../workflows/search-attributes.js';
import { connectClient } from '../../src/temporal/connect.js';
import { embeddedTarget } from '../../src/temporal/settings.js';
import { startEmbeddedServer, type EmbeddedServer } from '../../src/temporal/embedded.js';
import { ensureSearchAttributes } from '../../src/temporal/search-attributes.js';
import { realTemporal, refusal, removeTemporaryDirectories, temporaryDirectory, until } from './support.js';

let server: EmbeddedServer;
let client: Client;

beforeAll(async () => {
  const dataDir = temporaryDirectory();
  server = await startEmbeddedServer({
    dataDir,
    binary: await realTemporal(),
    report: () => undefined,
  });
  client = await connectClient(embeddedTarget(dataDir));
}, 600_000);
afterAll(async () => {
  await client.connection.close();
  await server.stop();
  removeTemporaryDirectories();
});

it('adds what is missing, also when two do so at once, and leaves the rest alone', async () => {
  await Promise.all([
    ensureSearchAttributes(client.connection, 'default'),
    ensureSearchAttributes(client.connection, 'default'),
  ]);
  await ensureSearchAttributes(client.connection, 'default');

  await client.workflow.start('waitsForAWorker', {
    workflowId: 'found',
    taskQueue: 'nobody',
    typedSearchAttributes: new TypedSearchAttributes([
      { key: keyturnCredential, value: 'openai' },
      { key: keyturnEmergency, value: true },
    ]),
  });
  await until('the workflow is found by its attributes', async () => {
    const { count } = await client.workflow.count('KeyturnCredential = "openai" AND KeyturnEmergency = true');
    return count === 1;
  });
});

it('refuses an attribute that exists with another type, and names all that is wanted', async () => {
  const namespace = 'taken';
  await client.workflowService.registerNamespace({
    namespace,
    workflowExecutionRetentionPeriod: { seconds: 86_400 as never },
  });
  await until('the namespace can be used', () =>
    client.connection.operatorService.addSearchAttributes({ namespace, searchAttributes: { KeyturnPhase: 5 } }).then(
      () => true,
      () => false,
    ),
  );

  const refused = await refusal(ensureSearchAttributes(client.connection, namespace));

  expect(refused.state).toContain('KeyturnPhase must be Keyword and is Bool.');
  for (const { name } of searchAttributes) expect(refused.next).toContain(`--name ${name} --type`);
});

it('refuses a namespace whose attributes cannot be read', async () => {
  const refused = ensureSearchAttributes(client.connection, 'nowhere');

  await expect(refused).rejects.toThrow('search attributes of the Temporal namespace "nowhere" cannot be used');
});
