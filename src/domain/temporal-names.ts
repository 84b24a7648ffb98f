/*
 * What one installation of Keyturn calls its things in Temporal. Several installations may share a namespace and know the same credential
 * names, so every name holds the installation's id.
 */

const emergencySuffix = '-emergency';

/** Served by every worker of the installation. */
export function taskQueueOf(installation: string): string {
  return `keyturn-${installation}`;
}

/**
 * Served by a worker with its own slots, so that hung ordinary steps never hold up an emergency. Takes either task queue of the
 * installation, because a workflow knows only the one it runs on.
 */
export function emergencyQueueOf(taskQueue: string): string {
  return taskQueue.endsWith(emergencySuffix) ? taskQueue : `${taskQueue}${emergencySuffix}`;
}

/** One workflow id per credential is what keeps two rotations of it apart in Temporal. */
export function rotationId(installation: string, credential: string): string {
  return workflowId(installation, 'rotation', credential);
}

/** Stands beside a rotation that does not acknowledge an emergency. */
export function containmentId(installation: string, credential: string): string {
  return workflowId(installation, 'containment', credential);
}

/** What a schedule starts, before Temporal appends the time, or a person. */
export function scheduledId(installation: string, credential: string): string {
  return workflowId(installation, 'schedule', credential);
}

/** A look at what an engine uses. Temporal appends the time. */
export function lookId(installation: string, engine: string): string {
  return workflowId(installation, 'verification', engine);
}

/** Whether a rotation in the store belongs to a workflow: repairs and direct emergencies are rotations too, and none of Temporal's. */
export function isWorkflowId(holder: string): boolean {
  return holder.startsWith('keyturn/');
}

function workflowId(installation: string, kind: string, name: string): string {
  return `keyturn/${installation}/${kind}/${name}`;
}

/** The Temporal Schedule of a credential. With an empty name, what those of an installation begin with. */
export function scheduleId(installation: string, credential: string): string {
  return `keyturn/${installation}/${credential}`;
}

/** The Temporal Schedule that has an engine looked at. Not below those of rotations: there every id names a credential. */
export function verificationId(installation: string, engine: string): string {
  return `keyturn-verification/${installation}/${engine}`;
}

/** The Temporal Schedule in whose note the head of the ledger is kept. */
export function anchorId(installation: string): string {
  return `keyturn-ledger/${installation}`;
}
