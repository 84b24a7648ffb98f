import type { AzureActivities } from '../activities/azure/activities.js';
import type { DeliveryActivities } from '../activities/delivery/activities.js';
import type { DeploymentActivities } from '../activities/deployment/activities.js';
import type { DocuElevateActivities } from '../activities/docuelevate/activities.js';
import type { DocumentEngineActivities } from '../activities/document-engine/activities.js';
import type { SftpActivities } from '../activities/sftp/activities.js';
import type { VersionsActivities } from '../activities/versions/activities.js';
import { activitiesOf, type Call, type CallOptions } from '../src/domain/call.js';
import type { Duration } from '../src/domain/duration.js';
import type { Finding } from '../src/domain/evidence.js';
import type { EngineKind } from '../src/domain/procedure.js';
import type { RotationPolicy } from '../src/domain/rotation.js';
import type { VersionRef } from '../src/domain/version.js';

/**
 * Our own store. A transaction takes milliseconds, and a locked database is retried for 26 seconds. Then the runner takes over: it shows
 * that it waits, and retries the calls that begin and end a rotation forever (rotation/bookkeeping.ts).
 */
export const versions = activitiesOf<VersionsActivities>('versions', {
  startToClose: '15 seconds', // longest wait for the lock is 1 second, a few times over
  attempts: 10,
  initialInterval: '0.2 seconds', // another process' transaction ends in milliseconds
  maximumInterval: '5 seconds',
});

export const azure = activitiesOf<AzureActivities>('azure', {
  startToClose: '60 seconds', // sign-in, list and regenerate: a few round trips of at most 10 seconds, the client's own deadline
  attempts: 40, // a slow create is looked for 30 times, until its request must have ended
  initialInterval: '1 second',
  maximumInterval: '1 minute', // a throttled management API says when to retry; then the runner decides
});

/** Providers of the kit: a few round trips. The client's own deadline keeps them within `startToClose`. */
export const kitCalls: CallOptions = {
  startToClose: '60 seconds',
  attempts: 20, // a refusal is probed up to 13 times in three propagation delays
  initialInterval: '1 second',
  maximumInterval: '1 minute', // rate limits count per minute; then the runner decides
};

export const docuelevate = activitiesOf<DocuElevateActivities>('docuelevate', {
  startToClose: '90 seconds', // a test document takes 1.5 seconds, behind a queue up to a minute
  attempts: 8,
  initialInterval: '1 second',
  maximumInterval: '30 seconds', // the upload limit is 20 in 60 seconds
});

export const documentEngine = activitiesOf<DocumentEngineActivities>('document-engine', {
  startToClose: '60 seconds', // a few round trips of at most 20 seconds, the client's own deadline
  attempts: 20, // a refusal is probed up to 13 times in three propagation delays
  initialInterval: '1 second',
  maximumInterval: '30 seconds', // a restart of the engine takes about a minute
});

export const sftp = activitiesOf<SftpActivities>('sftp', {
  startToClose: '60 seconds', // two connections of at most 15 seconds, the client's own deadline
  attempts: 20, // a refusal is probed up to 13 times in three propagation delays
  initialInterval: '1 second',
  maximumInterval: '30 seconds', // a server that throttles new connections accepts the next one soon
});

export const delivery = activitiesOf<DeliveryActivities>('delivery', {
  startToClose: '60 seconds', // a command that makes an application read a file again may take 30 seconds
  attempts: 5,
  initialInterval: '1 second',
  maximumInterval: '15 seconds',
});

/** What lives in an engine's environment. A restart may wait for another rotation's, which it then shares. */
export const deployment = activitiesOf<DeploymentActivities>('deployment', {
  startToClose: '13 minutes', // two restarts: a command of at most 5 minutes, and 1 minute until all processes are up
  attempts: 5,
  initialInterval: '1 second',
  maximumInterval: '30 seconds', // a restart that went wrong is tried again; then the runner decides
});

/** How an engine's entries, which expire, are renewed. */
interface Renewal {
  readonly every: Duration;
  calls(run: { readonly current: VersionRef | null; readonly next: VersionRef }): readonly Call<void>[];
}

export interface EngineCalls {
  /** Writes a version into an engine again. Left out where that would need a restart. */
  write?(version: VersionRef): Call<void>;
  /** Asks an engine whether it still holds the version as we wrote it. */
  isOurs(version: VersionRef): Call<Finding>;
  /** Makes an engine read its settings again. Left out where the engine can use only what it lists. */
  reload?(version: VersionRef): Call<void>;
  /** Asks an engine whether it shows an adopted version, as far as it shows values. Left out where only the engine has the value. */
  holds?(version: VersionRef): Call<Finding>;
  /** Stores with an emergency what the engine's audit log recorded meanwhile. Left out for an engine without one. */
  audit?(version: VersionRef): Call<void>;
  /** What a waiting rotation renews. Left out where nothing expires. */
  readonly renewal?: Renewal;
}

/** The calls that the runner itself makes to an engine, by its kind. */
const engines: Readonly<Record<EngineKind, EngineCalls>> = {
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
      every: '7 days', // an added secret expires after 60 days
      calls: ({ current, next }) => [...(current ? [current] : []), next].map(documentEngine.addSecret),
    },
  },
};

/** The same, where a value is in DocuElevate's environment. Its processes read that only when they start, so a reload brings nothing. */
const inEnvironment: EngineCalls = {
  isOurs: deployment.environmentIsOurs,
  holds: docuelevate.holdsAdopted,
  audit: docuelevate.collectAudit,
};

/** The calls that the runner makes to the engine of a credential. */
export function engineCalls(kind: EngineKind, { environment }: Pick<RotationPolicy, 'environment'>): EngineCalls {
  return environment ? inEnvironment : engines[kind];
}
