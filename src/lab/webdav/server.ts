import type { Arrival } from '../arrival.js';
import { type AccountOptions, createAccount, type LabAccount } from '../logins/account.js';
import type { Answer, Incoming } from '../routes.js';
import { type LabOptions, type LabServer, serve } from '../server.js';

export interface WebDavLabOptions extends AccountOptions, LabOptions {
  readonly clock?: () => number;
}

export interface WebDavLab extends LabServer, LabAccount {
  /** The folder of the account. */
  readonly folderUrl: string;
  /** What was uploaded, oldest first, with the password it came with. */
  readonly arrivals: readonly Arrival[];
}

/**
 * A WebDAV server like Apache 2.4.71 with mod_dav and Basic authentication, limited to uploads. `/dav/` belongs to the account, `/open/` to
 * everybody. A locked account gets 429, as at Nextcloud.
 */
export async function startWebDavLab(options: WebDavLabOptions = {}): Promise<WebDavLab> {
  const account = createAccount({ username: 'docuelevate', ...options });
  const files = new Map<string, Buffer>();
  const arrivals: Arrival[] = [];
  const server = await serve((request) => {
    if (request.path.startsWith('/open/')) return perform(request, files);
    const { username, password } = credentialsOf(request);
    if (username === undefined) return unauthorized;
    const outcome = account.signIn(username, password);
    if (outcome === 'locked') return page(429, 'Too Many Requests');
    if (outcome === 'refused') return unauthorized;
    if (request.method === 'PUT') arrivals.push({ value: password, content: request.body, at: Date.now() });
    return perform(request, files);
  }, options);
  const lab = { ...server, folderUrl: `${server.url}/dav`, arrivals };
  return Object.defineProperties(lab, Object.getOwnPropertyDescriptors(account)) as typeof lab & LabAccount; // with its accessors
}

function credentialsOf({ headers }: Incoming): { readonly username?: string; readonly password: string } {
  const [, text] = /^Basic (.+)$/i.exec(headers.authorization ?? '') ?? [];
  if (text === undefined) return { password: '' };
  const [username = '', ...rest] = Buffer.from(text, 'base64').toString().split(':');
  return { username, password: rest.join(':') };
}

function perform({ method, path, body }: Incoming, files: Map<string, Buffer>): Answer {
  const isFolder = ['/dav/', '/dav', '/open/'].includes(path);
  if (!isFolder && !files.has(path) && method !== 'PUT') return page(404, 'Not Found');
  if (method === 'PROPFIND') return listing(path);
  if (method === 'PUT') {
    const status = files.has(path) ? 204 : 201;
    files.set(path, body);
    return { status };
  }
  if (method !== 'DELETE' || isFolder) return page(405, 'Method Not Allowed');
  files.delete(path);
  return { status: 204 };
}

function listing(path: string): Answer {
  const found = '<D:propstat><D:prop><D:resourcetype/></D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat>';
  const body = `<?xml version="1.0" encoding="utf-8"?>\n<D:multistatus xmlns:D="DAV:"><D:response><D:href>${path}</D:href>${found}</D:response></D:multistatus>\n`;
  return { status: 207, headers: { 'content-type': 'text/xml; charset="utf-8"' }, body };
}

/** Apache's own pages are HTML, also those about a wrong password. */
function page(status: number, title: string): Answer {
  const body = `<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 4.01//EN" "http://www.w3.org/TR/html4/strict.dtd">\n<html><head>\n<title>${status} ${title}</title>\n</head><body>\n<h1>${title}</h1>\n</body></html>\n`;
  return { status, headers: { 'content-type': 'text/html; charset=iso-8859-1' }, body };
}

const unauthorized: Answer = {
  ...page(401, 'Unauthorized'),
  headers: { 'www-authenticate': 'Basic realm="documents"', 'content-type': 'text/html; charset=iso-8859-1' },
};
