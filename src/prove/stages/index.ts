import type { StartStage } from '../stage.js';
import { stageAzureDocumentIntelligenceKey } from './azure-document-intelligence-key.js';
import { stageOpenAiApiKey } from './openai-api-key.js';

/** The stage of every procedure that the crash matrix plays, by its id. */
export const stages: Readonly<Record<string, StartStage>> = {
  'openai-api-key': stageOpenAiApiKey,
  'azure-document-intelligence-key': stageAzureDocumentIntelligenceKey,
};
