import { isGrpcServiceError, type Connection } from '@temporalio/client';
import { retentionSeconds } from './server-config.js';

const notFound = 5;
const alreadyExists = 6; // numbers of grpc.Code

/**
 * Registers the namespace in a new database, and checks that workflows can be started and executed.
 * @throws what the client library throws, until they can
 */
export async function serves({ workflowService }: Connection, namespace: string): Promise<void> {
  // Before any other request: the server caches for a second that a namespace is missing.
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
