import type { Incoming } from '../../src/lab/routes.js';
import { type LabServer, serve } from '../../src/lab/server.js';

/** A WebDAV server with one account. It answers a refusal as Apache does. */
export interface WebDavServer extends LabServer {
  password: string;
  /** Paths of what lies there. */
  readonly names: Set<string>;
  /** Who asked for what, and how it was answered, as Apache logs it. */
  readonly log: string[];
}

const refusal = `<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 4.01//EN" "http://www.w3.org/TR/html4/strict.dtd">
<html><head>
<title>401 Unauthorized</title>
</head><body>
<h1>Unauthorized</h1>
<p>This server could not verify that you
are authorized to access the document
requested.</p>
</body></html>
`;

export async function startWebDavServer(username: string, password: string): Promise<WebDavServer> {
  const account = { password, names: new Set<string>(), log: [] as string[] };
  const statusOf = ({ headers, path }: Incoming): number => {
    const credentials = Buffer.from(`${username}:${account.password}`).toString('base64');
    if (headers.authorization !== `Basic ${credentials}`) return 401;
    return account.names.has(path) ? 204 : 201;
  };
  const server = await serve((request) => {
    const status = statusOf(request);
    account.log.push(`${username} "${request.method} ${request.path} HTTP/1.1" ${status}`);
    if (status !== 401) account.names.add(request.path);
    return status === 401 ? { status, body: refusal } : { status };
  }, {});
  return Object.assign(account, server);
}
