export { rotateAzureDocumentIntelligenceKey } from './procedures/azure-document-intelligence-key.js';
export { rotateOpenAiApiKey } from './procedures/openai-api-key.js';
