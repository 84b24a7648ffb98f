// Loaded by simulated workers: each entry breaks something that keeps credentials apart. Of the project it imports types alone, so that Node
// runs it as it is.
import type { Without } from '../../src/crash-test/worker-process.js';
import type { Intent } from '../../src/store/records.js';
import type { Store } from '../../src/store/store.js';

export const without: Readonly<Record<string, Without>> = {
  'a rotation ends values of its own alone': {
    store: (store) => ({
      ...store,
      async read(ref) {
        const [version, versions] = [await store.read(ref), await store.versions()];
        const other = versions.find(({ credential, state }) => credential !== ref.credential && state === 'current');
        return version.state === 'retiring' && other ? { ...version, providerId: other.providerId } : version;
      },
    }),
  },
  'a rotation knows the attempts of its own alone': {
    store: (store) => ({ ...store, intents: () => everyIntent(store) }),
  },
  'what falls due waits for its turn': { store: (store) => ({ ...store, reserve: async () => [] }) },
};

async function everyIntent(store: Store): Promise<Intent[]> {
  const names = new Set((await store.versions()).map(({ credential }) => credential));
  return (await Promise.all([...names].map((name) => store.intents(name)))).flat();
}
