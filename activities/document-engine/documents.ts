import type { Store } from '../../src/store/store.js';
import { requireFence } from '../shared/fencing.js';
import { testPdf } from '../shared/test-pdf.js';
import type { DocumentEngineContext, Observed } from './context.js';

/** Uses an id of the credential's own, and overwrites the document of an earlier attempt. */
export async function processTestDocument({ store, client, ref }: DocumentEngineContext): Promise<Observed> {
  const id = documentOf(store, ref.credential);
  await requireFence(store, ref);
  await client.upload(id, testPdf(id));
  const pages = await client.pagesOf(id);
  await client.deleteDocument(id);
  return {
    outcome: pages === 1 ? 'proved' : 'failed',
    detail: `uploaded, shown with ${pages} page${pages === 1 ? '' : 's'}, and deleted (${id})`,
  };
}

/** Id of the credential's own document. */
export function documentOf(store: Store, credential: string): string {
  return `keyturn-${store.installation.slice(0, 8)}-${credential}`;
}
