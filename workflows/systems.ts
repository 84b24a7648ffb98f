import type { AwsActivities } from '../activities/aws/activities.js';
import type { AzureActivities } from '../activities/azure/activities.js';
import type { DeliveryActivities } from '../activities/delivery/activities.js';
import type { DocuElevateActivities } from '../activities/docuelevate/activities.js';
import type { DocumentEngineActivities } from '../activities/document-engine/activities.js';
import type { OpenAiActivities } from '../activities/openai/activities.js';
import type { SftpActivities } from '../activities/sftp/activities.js';
import type { VersionsActivities } from '../activities/versions/activities.js';
import { activitiesOf, type Call, type CallOptions } from '../src/domain/call.js';
import type { Duration } from '../src/domain/duration.js';
import type { Finding } from '../src/domain/evidence.js';
import type { EngineKind } from '../src/domain/procedure.js';
import type { VersionRef } from '../src/domain/version.js';

/**
 * Our own store: a transaction takes milliseconds; a locked database is retried for 26 seconds, and then the runner takes over: it says that it
 * waits, and asks again without end what a rotation begins and ends with (rotation/bookkeeping.ts).
 */
export const versions = activitiesOf<VersionsActivities>('versions', {
  startToClose: '15 seconds', // longest wait for the lock is 1 second, a few times over
  attempts: 10,
  initialInterval: '0.2 seconds', // another process' transaction ends in milliseconds
  maximumInterval: '5 seconds',
});

export const openai = activitiesOf<OpenAiActivities>('openai', {
  startToClose: '60 seconds', // a few round trips of at most 20 seconds, the client's own deadline
  attempts: 20, // a refusal is asked after up to 13 times in three propagation delay
  initialInterval: '1 second',
  maximumInterval: '1 minute', // their rate limits count per minute; then the runner decides
});

export const azure = activitiesOf<AzureActivities>('azure', {
  startToClose: '60 seconds', // sign-in, list and regenerate: a few round trips of at most 10 seconds, the client's own deadline
  attempts: 40, // a slow attempt is looked for 30 times, until it must have had its answer
  initialInterval: '1 second',
  maximumInterval: '1 minute', // a throttled management API says when; then the runner decides
});

export const aws = activitiesOf<AwsActivities>('aws', {
  startToClose: '60 seconds', // six questions of at most 10 seconds, the client's own deadline
  attempts: 20, // a refusal is asked after up to 13 times in three propagation delay
  initialInterval: '1 second',
  maximumInterval: '1 minute', // throttling passes sooner; then the runner decides
});

/** Providers of the kit: a few round trips, which the client's own deadline makes fit into the first. */
export const kitCalls: CallOptions = {
  startToClose: '60 seconds',
  attempts: 20, // a refusal is asked after up to 13 times in three propagation delay
  initialInterval: '1 second',
  maximumInterval: '1 minute', // limits count per minute; then the runner decides
};

export const docuelevate = activitiesOf<DocuElevateActivities>('docuelevate', {
  startToClose: '90 seconds', // a test document takes 1.5 seconds, behind a queue up to a minute
  attempts: 8,
  initialInterval: '1 second',
  maximumInterval: '30 seconds', // the upload limit is 20 in 60 seconds
});

export const documentEngine = activitiesOf<DocumentEngineActivities>('document-engine', {
  startToClose: '60 seconds', // a few round trips of at most 20 seconds, the client's own deadline
  attempts: 20, // a refusal is asked after up to 13 times in three propagation delays
  initialInterval: '1 second',
  maximumInterval: '30 seconds', // a restart of the engine takes about a minute
});

export const sftp = activitiesOf<SftpActivities>('sftp', {
  startToClose: '60 seconds', // two conversations of at most 15 seconds, the client's own deadline
  attempts: 20, // a refusal is asked after up to 13 times in three propagation delay
  initialInterval: '1 second',
  maximumInterval: '30 seconds', // a server that throttles new connections lets the next one in soon
});

export const delivery = activitiesOf<DeliveryActivities>('delivery', {
  startToClose: '60 seconds', // a command that makes somebody read a file again may take 30 seconds
  attempts: 5,
  initialInterval: '1 second',
  maximumInterval: '15 seconds',
});

/** What is valid for a while only, of which a rotation has both. */
interface Renewal {
  readonly every: Duration;
  calls(run: { readonly current: VersionRef | null; readonly next: VersionRef }): readonly Call<void>[];
}

interface EngineCalls {
  /** Writes a version into an engine. */
  write(version: VersionRef): Call<void>;
  /** Asks an engine whether it still holds the version as we wrote it. */
  isOurs(version: VersionRef): Call<Finding>;
  /** Makes an engine read its settings anew. Left out where nothing else could be in use than what it lists. */
  reload?(version: VersionRef): Call<void>;
  /** Asks an engine whether it shows an adopted version, as far as it shows anything. Left out where nobody but the engine has it. */
  holds?(version: VersionRef): Call<Finding>;
  /** Keeps with an emergency what the engine recorded meanwhile. Left out for one that records nothing. */
  audit?(version: VersionRef): Call<void>;
  /** What has to be renewed while a rotation waits. Left out where nothing expires. */
  readonly renewal?: Renewal;
}

/** What the runner itself asks of an engine, by its kind. */
export const engines: Readonly<Record<EngineKind, EngineCalls>> = {
  docuelevate: {
    write: docuelevate.writeSettings,
    isOurs: docuelevate.settingsAreOurs,
    reload: docuelevate.reload,
    holds: docuelevate.holdsAdopted,
    audit: docuelevate.collectAudit,
  },
  'document-engine': {
    write: documentEngine.addSecret,
    isOurs: documentEngine.isListed,
    renewal: {
      every: '7 days', // what is added lasts for 60
      calls: ({ current, next }) => [...(current ? [current] : []), next].map(documentEngine.addSecret),
    },
  },
};
