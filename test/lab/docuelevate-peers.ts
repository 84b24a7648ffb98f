import { randomUUID } from 'node:crypto';
import { createPeer, type SimulatedPeer, words } from '../../src/lab/docuelevate/peers.js';
import { type LabServer, serve } from '../../src/lab/server.js';

/** The systems of the recordings that have no server of their own here. They accept the values of the recordings' beginnings. */
export interface RecordedPeers {
  readonly ftp: SimulatedPeer;
  readonly mail: SimulatedPeer;
  readonly dropbox: SimulatedPeer;
  readonly google: SimulatedPeer;
}

export function recordedPeers(): RecordedPeers {
  const { oauth } = words;
  return {
    ftp: createPeer({ accepts: { username: 'deftp', password: 'Ftp-old-pass-1' }, says: words.ftp }),
    mail: createPeer({ accepts: { username: 'postman', password: 'Smtp-old-pass-1' }, says: words.smtp }),
    dropbox: createPeer({ accepts: { app_secret: 'dbx-old-secret1', refresh_token: 'dbx-refresh-old1' }, says: oauth }),
    google: createPeer({
      accepts: { client_secret: 'GOCSPX-old-secret1', refresh_token: '1//g-refresh-old1' },
      says: oauth,
    }),
  };
}

/** A stand-in for Paperless, which takes the same document again and again, as no release of it does. */
export function startPaperlessStandIn(): Promise<LabServer> {
  return serve(({ method }) => {
    if (method === 'POST') return { status: 200, body: JSON.stringify(randomUUID()) };
    return { status: 200, body: [{ status: 'SUCCESS', related_document: '42' }] };
  }, {});
}
