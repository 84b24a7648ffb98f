import { defineProvider } from '../kit/provider.js';
import { DocumentEngine, DocumentEngineAccount, documentEngineIdentity, documentEngineParts } from './account.js';
import { createDocumentEngineActivities } from './activities.js';
import { connectionOf } from './connection.js';
import { documentEngineListing } from './listing.js';
import { documentEngineRequests } from './requests.js';
import { idsIn } from './context.js';

/** The engine issues its own secrets. */
export const documentEngine = defineProvider({
  system: 'document-engine',
  name: 'Document Engine',
  section: DocumentEngineAccount,
  mayBeLeftOut: true,
  identity: documentEngineIdentity,
  parts: documentEngineParts,
  connect: (_, secret, { engine, procedure }) => connectionOf(DocumentEngine.parse(engine), procedure, secret),
  activities: ({ store, account }) => createDocumentEngineActivities({ store, verbs: new Set(), engine: account }),
  requests: documentEngineRequests,
  listing: documentEngineListing,
  idsOf: idsIn,
});
