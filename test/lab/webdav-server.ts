import { type LabServer, serve } from '../../src/lab/server.js';

/** A WebDAV server with one account. It answers a refusal as Apache does. */
export interface WebDavServer extends LabServer {
  password: string;
  /** Paths of what lies there. */
  readonly names: Set<string>;
}

const refusal = `<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 4.01//EN" "http://www.w3.org/TR/html4/strict.dtd">
<html><head>
<title>401 Unauthorized</title>
</head><body>
<h1>Unauthorized</h1>
</body></html>
`;

export async function startWebDavServer(username: string, password: string): Promise<WebDavServer> {
  const account = { password, names: new Set<string>() };
  const server = await serve(({ headers, path }) => {
    const credentials = Buffer.from(`${username}:${account.password}`).toString('base64');
    if (headers.authorization !== `Basic ${credentials}`) return { status: 401, body: refusal };
    account.names.add(path);
    return { status: 201, body: 'Created' };
  }, {});
  return Object.assign(account, server);
}
