export { rotateAzureDocumentIntelligenceKey } from './procedures/azure-document-intelligence-key.js';
export { rotateAwsS3AccessKeys } from './procedures/aws-s3-access-keys.js';
export { rotateDocumentEngineDashboardPassword } from './procedures/document-engine-dashboard-password.js';
export { rotateDocumentEngineSecretKeyBase } from './procedures/document-engine-secret-key-base.js';
export { rotateDocumentEngineJwt } from './procedures/document-engine-jwt.js';
export { rotateSftpPrivateKey } from './procedures/sftp-private-key.js';
export { scheduledRotation } from './scheduled-rotation.js';
export { rotateOpenAiApiKey } from './procedures/openai-api-key.js';
