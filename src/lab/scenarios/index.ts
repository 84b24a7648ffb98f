import type { ScenarioOptions, StartScenario } from '../scenario.js';
import { startAwsS3AccessKeys } from './aws-s3-access-keys.js';
import { startAzureDocumentIntelligenceKey } from './azure-document-intelligence-key.js';
import { startByHand } from './by-hand.js';
import { type DocumentEngineOptions, preciseClock } from './document-engine.js';
import { startDocumentEngineDashboardPassword } from './document-engine-dashboard-password.js';
import { startDocumentEngineJwt } from './document-engine-jwt.js';
import { startDocumentEngineSecretKeyBase } from './document-engine-secret-key-base.js';
import { startNextcloudAppPassword } from './nextcloud-app-password.js';
import { startOpenAiApiKey } from './openai-api-key.js';
import { startPaperlessToken } from './paperless-token.js';
import { startSftpPrivateKey } from './sftp-private-key.js';

/** The scenario of every procedure, by its id. */
export const scenarios: Readonly<Record<string, StartScenario>> = {
  'openai-api-key': startOpenAiApiKey,
  'azure-document-intelligence-key': startAzureDocumentIntelligenceKey,
  'aws-s3-access-keys': startAwsS3AccessKeys,
  'document-engine-dashboard-password': inRealTime(startDocumentEngineDashboardPassword),
  'document-engine-secret-key-base': inRealTime(startDocumentEngineSecretKeyBase),
  'document-engine-jwt': inRealTime(startDocumentEngineJwt),
  'sftp-private-key': startSftpPrivateKey,
  'nextcloud-app-password': startNextcloudAppPassword,
  'paperless-api-token': startPaperlessToken,
  'by-hand': startByHand,
};

/** Tokens and expiries carry real times. */
function inRealTime(start: (options: DocumentEngineOptions) => ReturnType<StartScenario>): StartScenario {
  return (options: ScenarioOptions = {}) => start({ ...options, clock: preciseClock });
}
