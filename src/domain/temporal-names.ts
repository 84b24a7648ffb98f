/*
 * Names that one installation of Keyturn uses in Temporal. Several installations may share a namespace and use the same credential
 * names, so every name contains the installation's id.
 */

const emergencySuffix = '-emergency';

/** Served by every worker of the installation. */
export function taskQueueOf(installation: string): string {
  return `keyturn-${installation}`;
}

/**
 * Served by a worker with slots of its own, so that hung ordinary steps never delay an emergency. Accepts either task queue of the
 * installation, because a workflow knows only the one it runs on.
 */
export function emergencyQueueOf(taskQueue: string): string {
  return taskQueue.endsWith(emergencySuffix) ? taskQueue : `${taskQueue}${emergencySuffix}`;
}

/** One workflow id per credential: Temporal then refuses a second rotation of it. */
export function rotationId(installation: string, credential: string): string {
  return workflowId(installation, 'rotation', credential);
}

/** The workflow that runs beside a rotation which does not acknowledge an emergency. */
export function containmentId(installation: string, credential: string): string {
  return workflowId(installation, 'containment', credential);
}

/** The workflow that a schedule or a person starts. Temporal appends the time to a schedule's. */
export function scheduledId(installation: string, credential: string): string {
  return workflowId(installation, 'schedule', credential);
}

/** The workflow that looks at an engine's credentials. Temporal appends the time. */
export function lookId(installation: string, engine: string): string {
  return workflowId(installation, 'verification', engine);
}

/** Whether a workflow holds a rotation in the store. Repairs and direct emergencies are rotations without a workflow. */
export function isWorkflowId(holder: string): boolean {
  return holder.startsWith('keyturn/');
}

function workflowId(installation: string, kind: string, name: string): string {
  return `keyturn/${installation}/${kind}/${name}`;
}

/** The Temporal Schedule of a credential. With an empty name, the prefix of all schedules of an installation. */
export function scheduleId(installation: string, credential: string): string {
  return `keyturn/${installation}/${credential}`;
}

/** The Temporal Schedule that starts looks at an engine. It has a prefix of its own: below `keyturn/`, every id names a credential. */
export function verificationId(installation: string, engine: string): string {
  return `keyturn-verification/${installation}/${engine}`;
}

/** The Temporal Schedule whose note keeps the head of the ledger. */
export function anchorId(installation: string): string {
  return `keyturn-ledger/${installation}`;
}
