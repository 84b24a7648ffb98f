import type { StartStage } from '../stage.js';
import { stageAzureDocumentIntelligenceKey } from './azure-document-intelligence-key.js';
import { stageAwsS3AccessKeys } from './aws-s3-access-keys.js';
import {
  stageDocumentEngineDashboardPassword,
  stageDocumentEngineJwt,
  stageDocumentEngineSecretKeyBase,
} from './document-engine.js';
import { stageOpenAiApiKey } from './openai-api-key.js';
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
};
