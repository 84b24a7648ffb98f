import type { Store } from '../../src/store/store.js';
import { lastAsked } from './lease.js';
import { scope } from './scope.js';

/**
 * The store as activities have it: what they write says who writes it, so that an attempt in whose place a later one has begun writes nothing
 * more. A finding is as old as the question that it answers, whenever it is written.
 */
export function attended(store: Store): Store {
  const writer = () => scope().writer;
  return {
    ...store,
    prove: (ref, finding) => store.prove(ref, finding, { writer: writer(), at: lastAsked() }),
    note: (ref, facts) => store.note(ref, facts, writer()),
    promote: (next) => store.promote(next, writer()),
    demote: (next) => store.demote(next, writer()),
  };
}
