import type { StartScenario } from '../scenario.js';
import { startAzureDocumentIntelligenceKey } from './azure-document-intelligence-key.js';
import { preciseClock, startDocumentEngineJwt } from './document-engine-jwt.js';
import { startOpenAiApiKey } from './openai-api-key.js';

/** The stage of every procedure, by its id. */
export const scenarios: Readonly<Record<string, StartScenario>> = {
  'openai-api-key': startOpenAiApiKey,
  'azure-document-intelligence-key': startAzureDocumentIntelligenceKey,
  'document-engine-jwt': (options) => startDocumentEngineJwt({ ...options, clock: preciseClock }),
};
