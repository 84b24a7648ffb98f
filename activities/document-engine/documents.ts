import type { Finding } from '../../src/domain/evidence.js';
import type { VersionRef } from '../../src/domain/version.js';
import type { Store } from '../../src/store/store.js';
import { recordFinding } from '../shared/evidence.js';
import { requireFence } from '../shared/fencing.js';
import { testPdf } from '../shared/test-pdf.js';
import type { DocumentEngineDeps } from './activities.js';
import { contextOf } from './context.js';

/** Uses an id of the credential's own, and overwrites the document of an earlier attempt. */
export async function processTestDocument(deps: DocumentEngineDeps, ref: VersionRef): Promise<Finding> {
  const { store, client } = await contextOf(deps, ref);
  const id = documentOf(store, ref.credential);
  await requireFence(store, ref);
  await client.upload(id, testPdf(id));
  const pages = await client.pagesOf(id);
  await client.deleteDocument(id);
  return recordFinding(store, ref, {
    kind: 'document',
    outcome: pages === 1 ? 'proved' : 'failed',
    detail: `uploaded, shown with ${pages} page${pages === 1 ? '' : 's'}, and deleted (${id})`,
  });
}

/** Id of the credential's own document. */
export function documentOf(store: Store, credential: string): string {
  return `keyturn-${store.installation.slice(0, 8)}-${credential}`;
}
