import type { Arrival } from '../arrival.js';
import type { Answer, Handler, Incoming } from '../routes.js';
import { davError, davRefusal } from './answers.js';
import type { Caller, NextcloudState } from './state.js';

/** Files by path below the server's address, decoded and without a trailing slash; null for a folder. */
export type Files = Map<string, Buffer | null>;

/** The WebDAV API of users' files, as far as an upload needs it. */
export function davHandler(state: NextcloudState, files: Files, arrivals: Arrival[]): Handler<Incoming> {
  return (request) => {
    const away = 'System is in maintenance mode.';
    if (state.server.maintenance) return davError(503, 'OCA\\DAV\\Exception\\ServerMaintenanceMode', away);
    const caller = state.signIn(request);
    if (typeof caller === 'string') return davRefusal(caller);
    const answer = answerTo(request, { state, files, path: pathOf(request, caller) });
    if (request.method === 'PUT' && answer.status < 300)
      arrivals.push({ value: caller.appPassword?.value ?? null, content: request.body, at: Date.now() });
    const cookie = state.cookieFor(caller, request);
    return cookie === null ? answer : { ...answer, headers: { ...answer.headers, 'set-cookie': cookie } };
  };
}

/** The path of a file. The older address has the same files. */
function pathOf({ path }: Incoming, { user }: Caller): string {
  return decodeURIComponent(path)
    .replace(/^\/remote\.php\/webdav/, `/remote.php/dav/files/${user.name}`)
    .replace(/\/+$/, '');
}

interface Asked {
  readonly request: Incoming;
  readonly files: Files;
  readonly path: string;
  /** Whether the path exists. */
  readonly known: boolean;
  /** Whether its folder exists. */
  readonly parentKnown: boolean;
}

function answerTo(
  request: Incoming,
  { state, files, path }: { state: NextcloudState; files: Files; path: string },
): Answer {
  const owner = /^\/remote\.php\/dav\/files\/([^/]+)/.exec(path)?.[1] ?? '';
  if (!state.users.has(owner)) return notFound(`Principal with name ${owner} not found`);
  const isFolder = (each: string): boolean => files.get(each) === null || each === `/remote.php/dav/files/${owner}`;
  const parentKnown = isFolder(path.replace(/\/[^/]*$/, ''));
  const handle = methods[request.method];
  if (!handle) return davError(501, `${sabre}\\NotImplemented`, `There was no handler for ${request.method}`);
  if (state.server.full && request.method === 'PUT')
    return davError(507, `${sabre}\\InsufficientStorage`, 'Insufficient space');
  return handle({ request, files, path, known: files.has(path) || isFolder(path), parentKnown });
}

const methods: Readonly<Record<string, (asked: Asked) => Answer>> = {
  PROPFIND({ request, files, path, known }) {
    return known ? listing(request.path, path, request.headers['depth'] === '0' ? null : files) : lost(path);
  },
  MKCOL({ files, path, known, parentKnown }) {
    if (known) return davError(405, `${sabre}\\MethodNotAllowed`, 'The resource you tried to create already exists');
    if (!parentKnown) return davError(409, `${sabre}\\Conflict`, 'Parent node does not exist');
    files.set(path, null);
    return { status: 201 };
  },
  PUT({ request, files, path, known, parentKnown }) {
    if (!parentKnown) return davError(409, `${sabre}\\Conflict`, 'Files cannot be created in non-existent collections');
    files.set(path, request.body);
    return { status: known ? 204 : 201 };
  },
  GET: ({ files, path }) => {
    const content = files.get(path);
    return content ? { status: 200, body: content.toString() } : lost(path);
  },
  DELETE({ files, path, known }) {
    for (const each of [...files.keys()]) if (each === path || each.startsWith(`${path}/`)) files.delete(each);
    return known ? { status: 204 } : lost(path);
  },
};

const sabre = 'Sabre\\DAV\\Exception';

function notFound(message: string): Answer {
  return davError(404, `${sabre}\\NotFound`, message);
}

function lost(path: string): Answer {
  return notFound(`File with name /${path.split('/').slice(5).join('/')} could not be located`);
}

/** The path, and the content of a folder if requested. */
function listing(asked: string, path: string, files: Files | null): Answer {
  const inside = [...(files ?? [])].filter(
    ([each]) => each.startsWith(`${path}/`) && !each.slice(path.length + 1).includes('/'),
  );
  const responses = [
    response(asked, null),
    ...inside.map(([each, content]) =>
      response(`${asked.replace(/\/?$/, '/')}${encodeURI(each.slice(path.length + 1))}`, content),
    ),
  ];
  const body = `<?xml version="1.0"?>\n<d:multistatus xmlns:d="DAV:" xmlns:s="http://sabredav.org/ns">${responses.join('')}</d:multistatus>\n`;
  return {
    status: 207,
    headers: { 'content-type': 'application/xml; charset=utf-8', dav: '1, 3, extended-mkcol' },
    body,
  };
}

function response(href: string, content: Buffer | null): string {
  const type = content === null ? '<d:resourcetype><d:collection/></d:resourcetype>' : '<d:resourcetype/>';
  const found = `<d:propstat><d:prop>${type}</d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat>`;
  return `<d:response><d:href>${href}</d:href>${found}</d:response>`;
}
