import { setTimeout as delay } from 'node:timers/promises';
import type { SimTemporal } from './temporal.js';

type Named = string | { readonly name: string };
const nameOf = (definition: Named): string => (typeof definition === 'string' ? definition : definition.name);

interface SignalWithStart {
  readonly workflowId: string;
  readonly args: readonly unknown[];
  readonly signal: Named;
  readonly signalArgs: readonly unknown[];
}

/** The few client calls that the crash matrix and the operations make. */
export function createClient(temporal: SimTemporal) {
  const handleOf = (workflowId: string) => ({
    workflowId,
    signal: (definition: Named, ...args: unknown[]) => temporal.signal(workflowId, nameOf(definition), args),
    query: (definition: Named) => temporal.query(workflowId, nameOf(definition)),
    executeUpdate: (definition: Named, { args = [] }: { args?: unknown[] } = {}) =>
      temporal.update(workflowId, nameOf(definition), args),
    describe: () =>
      temporal.call(() => {
        const { status, shown } = temporal.executions.get(workflowId)!;
        return {
          status: { name: status },
          typedSearchAttributes: { get: ({ name }: { name: string }) => unlisted(shown.get(name)) },
        };
      }),
    result: async () => temporal.executions.get(workflowId)!.result.promise,
    terminate: async () => temporal.terminate(workflowId),
  });
  const workflowService = serviceOf(temporal);
  return {
    options: { namespace: 'default' },
    workflow: {
      start: (type: string, { workflowId, args }: { workflowId: string; args: unknown[] }) =>
        temporal.call(() => {
          temporal.start({ workflowId, type, args });
          return handleOf(workflowId);
        }),
      signalWithStart: (type: string, { workflowId, args, signal, signalArgs }: SignalWithStart) =>
        temporal.call(() => {
          temporal.signalWithStart({ workflowId, type, args }, { name: nameOf(signal), args: signalArgs });
          return handleOf(workflowId);
        }),
      getHandle: handleOf,
    },
    ...{ connection: { workflowService }, workflowService },
    withDeadline: <T>(at: number, work: () => Promise<T>): Promise<T> =>
      Promise.race([work(), delay(at - Date.now()).then(() => Promise.reject(new Error('its time is over')))]),
  };
}

/** The calls of the workflow service, below the client's own. */
function serviceOf(temporal: SimTemporal) {
  return {
    resetStickyTaskQueue: ({ execution }: { execution: { workflowId: string } }) =>
      temporal.call(() => temporal.resetSticky(execution.workflowId)),
    describeTaskQueue: () =>
      temporal.call(() => ({
        pollers: temporal.polling().map(() => ({ lastAccessTime: { seconds: Date.now() / 1000 } })),
      })),
    getSystemInfo: () => temporal.call(() => ({})),
  };
}

/** Search attributes travel as lists of one. */
function unlisted(value: unknown): unknown {
  return Array.isArray(value) ? value[0] : value;
}
