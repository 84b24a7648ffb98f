// Every procedure by its workflow. workflows/index.ts and the catalog are derived from these.
export { rotateAwsS3AccessKeys } from './aws-s3-access-keys.js';
export { rotateAzureDocumentIntelligenceKey } from './azure-document-intelligence-key.js';
export { rotateByHand } from './by-hand.js';
export {
  rotateDocumentEngineDashboardPassword,
  rotateDocumentEngineJwt,
  rotateDocumentEngineSecretKeyBase,
} from './document-engine.js';
export { rotateNextcloudAppPassword } from './nextcloud-app-password.js';
export { rotateOpenAiApiKey } from './openai-api-key.js';
export { rotatePaperlessApiToken } from './paperless-api-token.js';
export { rotateSftpPrivateKey } from './sftp-private-key.js';
