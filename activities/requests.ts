import type { RequestTemplate } from '../src/domain/requests.js';
import { awsRequests } from './aws/requests.js';
import { azureRequests } from './azure/requests.js';
import { docuElevateRequests } from './docuelevate/requests.js';
import { documentEngineRequests } from './document-engine/requests.js';
import { openAiRequests } from './openai/requests.js';
import { sftpRequests } from './sftp/requests.js';

const bySystem: Record<string, Record<string, readonly RequestTemplate[]>> = {
  openai: openAiRequests,
  azure: azureRequests,
  aws: awsRequests,
  docuelevate: docuElevateRequests,
  'document-engine': documentEngineRequests,
  sftp: sftpRequests,
};

/** The requests an activity makes, by its registered name; none for those that only ask our own store. */
export function requestsOf(activity: string): readonly RequestTemplate[] {
  const [system = '', verb = ''] = activity.split('.');
  return bySystem[system]?.[verb] ?? [];
}
