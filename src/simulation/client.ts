import type { SimTemporal } from './temporal.js';

type Named = string | { readonly name: string };
const nameOf = (definition: Named): string => (typeof definition === 'string' ? definition : definition.name);

/** The few calls of a client that the crash matrix and the operations make. */
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
  return {
    options: { namespace: 'default' },
    workflow: {
      start: (type: string, { workflowId, args }: { workflowId: string; args: unknown[] }) =>
        temporal.call(() => {
          temporal.start(workflowId, type, args);
          return handleOf(workflowId);
        }),
      getHandle: handleOf,
    },
    connection: {
      workflowService: {
        async resetStickyTaskQueue({ execution }: { execution: { workflowId: string } }) {
          await temporal.call(() => temporal.resetSticky(execution.workflowId));
        },
      },
    },
  };
}

/** Search attributes travel as lists of one. */
function unlisted(value: unknown): unknown {
  return Array.isArray(value) ? value[0] : value;
}
