import type { Store } from '../../src/store/store.js';
import { lastAsked } from './lease.js';
import { scope } from './scope.js';

/**
 * The store for activities. Every write names its writer, so an attempt that a later one has replaced cannot write any more.
 * A finding without a time of its own is dated by the request that it answers, not by the moment of the write.
 */
export function attended(store: Store): Store {
  const writer = () => scope().writer;
  return {
    ...store,
    prove: (ref, finding, { at } = { writer: writer() }) =>
      store.prove(ref, finding, { writer: writer(), at: at ?? lastAsked() }),
    note: (ref, facts) => store.note(ref, facts, writer()),
    promote: (next) => store.promote(next, writer()),
    demote: (next) => store.demote(next, writer()),
  };
}
