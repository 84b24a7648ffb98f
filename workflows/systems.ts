import type { AzureActivities } from '../activities/azure/activities.js';
import type { DocuElevateActivities } from '../activities/docuelevate/activities.js';
import type { OpenAiActivities } from '../activities/openai/activities.js';
import type { VersionsActivities } from '../activities/versions/activities.js';
import { activitiesOf, type Call } from '../src/domain/call.js';
import type { Finding } from '../src/domain/evidence.js';
import type { VersionRef } from '../src/domain/version.js';

/** Our own store: a transaction takes milliseconds; a locked database is retried until the runner takes over. */
export const versions = activitiesOf<VersionsActivities>('versions', {
  startToClose: '15 seconds', // longest wait for the lock is 1 second, a few times over
  attempts: 10,
  initialInterval: '0.2 seconds', // another process' transaction ends in milliseconds
  maximumInterval: '5 seconds',
});

export const openai = activitiesOf<OpenAiActivities>('openai', {
  startToClose: '60 seconds', // a few round trips of at most 20 seconds, the client's own deadline
  attempts: 12, // a fresh key is asked after 8 times in 60 seconds of settling
  initialInterval: '1 second',
  maximumInterval: '1 minute', // their rate limits count per minute; then the runner decides
});

export const azure = activitiesOf<AzureActivities>('azure', {
  startToClose: '60 seconds', // sign-in, list and regenerate: a few round trips of at most 10 seconds, the client's own deadline
  attempts: 40, // a slow attempt is looked for 30 times, until it must have had its answer
  initialInterval: '1 second',
  maximumInterval: '1 minute', // a throttled management API says when; then the runner decides
});

export const docuelevate = activitiesOf<DocuElevateActivities>('docuelevate', {
  startToClose: '90 seconds', // a test document takes 1.5 seconds, behind a queue up to a minute
  attempts: 8,
  initialInterval: '1 second',
  maximumInterval: '30 seconds', // the upload limit is 20 in 60 seconds
});

const engines = { docuelevate } as const;

/** The call that writes a version's settings into an engine of this kind. */
export function writeSettingsOf(engine: keyof typeof engines, version: VersionRef): Call<void> {
  return engines[engine].writeSettings(version);
}

/** The call that asks an engine of this kind whether the newest change of a version's settings is the one we made. */
export function settingsAreOursOf(engine: keyof typeof engines, version: VersionRef): Call<Finding> {
  return engines[engine].settingsAreOurs(version);
}

/** The call that keeps with an emergency what the engine recorded meanwhile; null for an engine that records nothing. */
export function collectAuditOf(engine: string, version: VersionRef): Call<void> | null {
  return engine === 'docuelevate' ? docuelevate.collectAudit(version) : null;
}
