export { rotateOpenAiApiKey } from './procedures/openai-api-key.js';
