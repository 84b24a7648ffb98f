import { isGrpcServiceError, type Connection } from '@temporalio/client';
import { retentionSeconds } from './server-config.js';

const notFound = 5;
const alreadyExists = 6; // numbers of grpc.Code

/**
 * Registers the namespace in a new database, and makes sure that workflows can be started and worked on. Throws what the client library throws
 * while that is not so.
 */
export async function serves({ workflowService }: Connection, namespace: string): Promise<void> {
  // Before anything asks for it: the server remembers for a second that there is no such namespace.
  const retention = { seconds: retentionSeconds as never };
  await expecting(
    alreadyExists,
    workflowService.registerNamespace({ namespace, workflowExecutionRetentionPeriod: retention }),
  );
  // The frontend answers before the services behind it have found each other.
  const name = 'keyturn-is-anybody-there';
  await Promise.all([
    expecting(notFound, workflowService.describeWorkflowExecution({ namespace, execution: { workflowId: name } })),
    workflowService.describeTaskQueue({ namespace, taskQueue: { name }, taskQueueType: 1 }),
  ]);
}

async function expecting(code: number, call: Promise<unknown>): Promise<void> {
  await call.catch((err: unknown) => {
    if (!isGrpcServiceError(err) || Number(err.code) !== code) throw err;
  });
}
