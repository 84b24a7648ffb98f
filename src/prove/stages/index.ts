import type { StartStage } from '../stage.js';
import { stageAzureDocumentIntelligenceKey } from './azure-document-intelligence-key.js';
import {
  stageDocumentEngineDashboardPassword,
  stageDocumentEngineJwt,
  stageDocumentEngineSecretKeyBase,
} from './document-engine.js';
import { stageOpenAiApiKey } from './openai-api-key.js';

/** The stage of every procedure that the crash matrix plays, by its id. */
export const stages: Readonly<Record<string, StartStage>> = {
  'openai-api-key': stageOpenAiApiKey,
  'azure-document-intelligence-key': stageAzureDocumentIntelligenceKey,
  'document-engine-dashboard-password': stageDocumentEngineDashboardPassword,
  'document-engine-secret-key-base': stageDocumentEngineSecretKeyBase,
  'document-engine-jwt': stageDocumentEngineJwt,
};
