import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

const services = ['iam', 'sts', 's3'] as const;
export type Service = (typeof services)[number];

/** The signed parts of a request, as sent. */
export interface Signable {
  readonly method: string;
  /** Encoded, without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

/** A request's signature, from its `authorization` header. */
export interface Signed {
  readonly keyId: string;
  readonly service: Service;
  readonly scope: string;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
}

const algorithm = 'AWS4-HMAC-SHA256';
const header =
  /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8}\/[\w-]+\/(\w+)\/aws4_request), *SignedHeaders=([\w;-]+), *Signature=([0-9a-f]{64})$/;

/** Null when the request is not signed with Signature Version 4. */
export function signedBy({ headers }: Pick<Signable, 'headers'>): Signed | null {
  const match = header.exec(String(headers['authorization'] ?? ''));
  const [, keyId = '', scope = '', name, names = '', signature = ''] = match ?? [];
  const service = services.find((each) => each === name);
  return service ? { keyId, scope, service, signedHeaders: names.split(';'), signature } : null;
}

const longestSkewMs = 15 * 60_000;

/** Whether a request's time differs from `now` (Unix milliseconds) by more than AWS accepts. */
export function isSkewed({ headers }: Pick<Signable, 'headers'>, now: number): 'expired' | 'not yet current' | null {
  const [, ...parts] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(String(headers['x-amz-date'])) ?? [];
  const [year = 0, month = 1, ...rest] = parts.map(Number);
  const ahead = Date.UTC(year, month - 1, ...rest) - now;
  if (Math.abs(ahead) <= longestSkewMs) return null;
  return ahead < 0 ? 'expired' : 'not yet current';
}

/** Whether a request was signed with this secret and not changed afterwards. */
export function isSignedWith(secret: string, request: Signable, signed: Signed): boolean {
  if (request.headers['x-amz-content-sha256'] !== sha256(request.body)) return false;
  return timingSafeEqual(Buffer.from(signatureOf(secret, request, signed)), Buffer.from(signed.signature));
}

export interface Credentials {
  readonly id: string;
  readonly secret: string;
  readonly token?: string;
}

/** The headers that a client adds to a request for S3. */
export function signatureHeaders(
  { id, secret, token }: Credentials,
  request: Pick<Signable, 'method' | 'body'> & { readonly url: URL },
): Record<string, string> {
  const { url, method, body } = request;
  const now = new Date(Date.now()).toISOString().replace(/[-:]|\.\d+/g, '');
  const headers = {
    host: url.host,
    'x-amz-content-sha256': sha256(body),
    'x-amz-date': now,
    ...(token !== undefined && { 'x-amz-security-token': token }),
  };
  const scope = `${now.slice(0, 8)}/us-east-1/s3/aws4_request`;
  const signedHeaders = Object.keys(headers).sort();
  const signable = { method, path: url.pathname, query: url.searchParams, headers, body };
  const signature = signatureOf(secret, signable, { scope, signedHeaders });
  const credential = `Credential=${id}/${scope}, SignedHeaders=${signedHeaders.join(';')}`;
  return { ...headers, authorization: `${algorithm} ${credential}, Signature=${signature}` };
}

function signatureOf(
  secret: string,
  { method, path, query, headers }: Signable,
  { scope, signedHeaders }: Pick<Signed, 'scope' | 'signedHeaders'>,
): string {
  const lines = signedHeaders.map(
    (name) =>
      `${name}:${String(headers[name] ?? '')
        .trim()
        .replace(/ +/g, ' ')}\n`,
  );
  const canonical = [method, path, canonicalQuery(query), lines.join(''), signedHeaders.join(';')];
  const request = [...canonical, String(headers['x-amz-content-sha256'])].join('\n');
  const text = [algorithm, String(headers['x-amz-date']), scope, sha256(Buffer.from(request))].join('\n');
  const key = scope.split('/').reduce<string | Buffer>((from, part) => hmac(from, part), `AWS4${secret}`);
  return hmac(key, text).toString('hex');
}

function canonicalQuery(query: URLSearchParams): string {
  const encode = (text: string): string =>
    encodeURIComponent(text).replace(/[!'()*]/g, (each) => `%${each.charCodeAt(0).toString(16).toUpperCase()}`);
  return [...query]
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .sort()
    .join('&');
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

function sha256(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}
