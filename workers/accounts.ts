import { AwsAccount } from '../activities/aws/account.js';
import type { AwsConnection } from '../activities/aws/client.js';
import { AzureAccount } from '../activities/azure/account.js';
import type { AzureConnection } from '../activities/azure/client.js';
import type { DocumentEngineConnection } from '../activities/document-engine/client.js';
import { connectionOf } from '../activities/document-engine/connection.js';
import { OpenAiAccount } from '../activities/openai/account.js';
import type { OpenAiConnection } from '../activities/openai/client.js';
import { SftpAccount } from '../activities/sftp/account.js';
import type { SftpConnection } from '../activities/sftp/client.js';
import { credentialOf, engineOf } from '../src/config/policy.js';
import type { Config } from '../src/config/schema.js';
import type { SecretRef } from '../src/config/secret-ref.js';
import { durationMs } from '../src/domain/duration.js';
import { descriptorOf } from './descriptor.js';

/** Resolves a reference, at each use; `lines` for a secret of several lines. */
export type Secrets = (ref: SecretRef, shape?: 'lines') => Promise<string>;

/** How to reach the account that a credential belongs to, by provider. */
export function accountsOf(config: Config, secret: Secrets) {
  const at =
    <C>(connection: (config: Config, secret: Secrets, credential: string) => C) =>
    async (credential: string): Promise<C> =>
      connection(config, secret, credential);
  return {
    openai: at(openAi),
    azure: at(azure),
    aws: at(aws),
    'document-engine': at(documentEngine),
    sftp: at(sftp),
  };
}

function openAi(config: Config, secret: Secrets, credential: string): OpenAiConnection {
  const account = OpenAiAccount.parse(credentialOf(config, credential).provider);
  const { project, baseUrl, settling, usageResolution, keyLifetime, keyScopes = [] } = account;
  const times = { settlingMs: durationMs(settling), usageResolutionMs: durationMs(usageResolution) };
  const keyLifetimeMs = keyLifetime === undefined ? null : durationMs(keyLifetime);
  return { adminKey: () => secret(account.adminKey), project, baseUrl, keyLifetimeMs, keyScopes, ...times };
}

function azure(config: Config, secret: Secrets, credential: string): AzureConnection {
  const account = AzureAccount.parse(credentialOf(config, credential).provider);
  const { clientSecret, settling, ...connection } = account;
  return { ...connection, clientSecret: () => secret(clientSecret), settlingMs: durationMs(settling) };
}

function aws(config: Config, secret: Secrets, credential: string): AwsConnection {
  const { admin, settling, usageResolution, ...connection } = AwsAccount.parse(
    credentialOf(config, credential).provider,
  );
  const pair = admin && (async () => ({ id: admin.accessKeyId, secret: await secret(admin.secretAccessKey) }));
  const times = { settlingMs: durationMs(settling), usageResolutionMs: durationMs(usageResolution) };
  return { ...connection, ...times, admin: pair ?? null };
}

function documentEngine(config: Config, secret: Secrets, credential: string): DocumentEngineConnection {
  const engine = engineOf(config, credential);
  if (engine.kind !== 'document-engine') throw new Error(`${credential} is not used by Document Engine`);
  return connectionOf(engine, descriptorOf(config, credential), secret);
}

function sftp(config: Config, secret: Secrets, credential: string): SftpConnection {
  const account = SftpAccount.parse(credentialOf(config, credential).provider);
  const { adminKey, passphrase, settling, username, keyFile, ...connection } = account;
  return {
    ...{ ...connection, username, keyFile, adminUsername: connection.adminUsername ?? username },
    keyFileInEngine: connection.keyFileInEngine ?? keyFile,
    adminKey: () => secret(adminKey, 'lines'),
    passphrase: passphrase ? () => secret(passphrase) : null,
    settlingMs: durationMs(settling),
  };
}
