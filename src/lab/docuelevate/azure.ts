/** Address, key and abort signal for Azure Document Intelligence. */
export interface AzureAccess {
  readonly endpoint: string;
  readonly key: string;
  readonly signal: AbortSignal;
}

/** A failed call, in the words of the engine's client library. The message may contain the key. */
export class AzureError extends Error {
  override readonly name = 'AzureError';
  readonly status: number | null;

  constructor(message: string, status: number | null) {
    super(message);
    this.status = status;
  }
}

const version = 'api-version=2024-11-30';

/** The request of the engine's own connection test. Throws AzureError. */
export async function listOperations(access: AzureAccess): Promise<unknown[]> {
  const { text } = await send(access, `${access.endpoint}/documentintelligence/operations?${version}`);
  return (JSON.parse(text) as { value: unknown[] }).value;
}

/** Has a document read: sends it, gets the result, gets the searchable copy. Throws AzureError. */
export async function analyze(access: AzureAccess, bytes: Buffer): Promise<void> {
  const model = `${access.endpoint}/documentintelligence/documentModels/prebuilt-read`;
  const { location } = await send(access, `${model}:analyze?${version}&output=pdf`, bytes);
  if (location === null) throw new AzureError('no Operation-Location', null);
  await send(access, location);
  await send(access, location.replace('?', '/pdf?'));
}

async function send({ key, signal }: AzureAccess, url: string, body?: Buffer) {
  // fetch would trim the value. The engine's client refuses it and quotes it.
  if (/[^\x20-\x7e]|^\s|\s$/.test(key)) throw new AzureError(`Invalid character(s) in header value: '${key}'`, null);
  const init = body ? { method: 'POST', body: new Uint8Array(body) } : {};
  const headers = { 'ocp-apim-subscription-key': key };
  const response = await fetch(url, { ...init, headers, signal }).catch((error: unknown) => {
    throw new AzureError(`Connection error: ${String(error)}`, null);
  });
  const text = await response.text();
  if (!response.ok) throw new AzureError(`(${response.status}) ${text}`, response.status);
  return { text, location: response.headers.get('operation-location') };
}
