import type { Stage, StartStage } from '../stage.js';
import { stageAzureDocumentIntelligenceKey } from './azure-document-intelligence-key.js';
import { stageAwsS3AccessKeys, stageAwsS3AccessKeysInBuckets } from './aws-s3-access-keys.js';
import {
  documentEngineVariants,
  stageDocumentEngineDashboardPassword,
  stageDocumentEngineJwt,
  stageDocumentEngineSecretKeyBase,
} from './document-engine.js';
import { stageNextcloudAppPassword } from './nextcloud-app-password.js';
import {
  stageOpenAiApiKey,
  stageOpenAiApiKeyDelivered,
  stageOpenAiApiKeyInBuckets,
  stageOpenAiApiKeyOnPostgresql,
} from './openai-api-key.js';
import { stagePaperlessApiToken } from './paperless-api-token.js';
import { stageSftpPrivateKey } from './sftp-private-key.js';

/** The stage of every procedure that the crash matrix plays, by its id. */
export const stages: Readonly<Record<string, StartStage>> = {
  'openai-api-key': stageOpenAiApiKey,
  'azure-document-intelligence-key': stageAzureDocumentIntelligenceKey,
  'aws-s3-access-keys': stageAwsS3AccessKeys,
  'document-engine-dashboard-password': stageDocumentEngineDashboardPassword,
  'document-engine-secret-key-base': stageDocumentEngineSecretKeyBase,
  'document-engine-jwt': stageDocumentEngineJwt,
  'sftp-private-key': stageSftpPrivateKey,
  'nextcloud-app-password': stageNextcloudAppPassword,
  'paperless-api-token': stagePaperlessApiToken,
};

/** The same procedures on systems that behave otherwise, or with more to do; played when they are asked for by name. */
export const variants: Readonly<Record<string, StartStage>> = {
  ...documentEngineVariants,
  'openai-api-key:delivered': stageOpenAiApiKeyDelivered,
  'openai-api-key:postgresql': stageOpenAiApiKeyOnPostgresql,
  'openai-api-key:buckets': stageOpenAiApiKeyInBuckets,
  'aws-s3-access-keys:buckets': stageAwsS3AccessKeysInBuckets,
};

/** Starts the stage of a procedure or of one of its variants. Throws when there is none. */
export async function startStage(id: string): Promise<Stage> {
  const start = stages[id] ?? variants[id];
  if (!start) throw new Error(`no stage for ${id}`);
  return start();
}
