import type { ProcedureDescriptor } from '../src/domain/procedure.js';
import { awsS3AccessKeys } from './procedures/aws-s3-access-keys.js';
import { azureDocumentIntelligenceKey } from './procedures/azure-document-intelligence-key.js';
import { documentEngineDashboardPassword } from './procedures/document-engine-dashboard-password.js';
import { documentEngineJwt } from './procedures/document-engine-jwt.js';
import { documentEngineSecretKeyBase } from './procedures/document-engine-secret-key-base.js';
import { openAiApiKey } from './procedures/openai-api-key.js';
import { sftpPrivateKey } from './procedures/sftp-private-key.js';

/** Every procedure, in the order of the guides. */
export const catalog: readonly ProcedureDescriptor[] = [
  openAiApiKey,
  azureDocumentIntelligenceKey,
  awsS3AccessKeys,
  documentEngineDashboardPassword,
  documentEngineSecretKeyBase,
  documentEngineJwt,
  sftpPrivateKey,
];
