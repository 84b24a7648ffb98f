import { type Answer, Http, type HttpRequest } from '../shared/http.js';
import { permanent } from '../shared/failures.js';
import { requestTo } from './requests.js';
import { DocumentInfo, type ListedSecret, ListedSecrets, UploadedDocument } from './schemas.js';

export type SecretType = 'jwt' | 'dashboard_password' | 'secret_key_base';
export type JwtAlgorithm = 'RS256' | 'RS512' | 'ES256' | 'ES512';

/** A configured Document Engine, and the type of secret of a credential. */
export interface DocumentEngineConnection {
  readonly url: string;
  /** API_AUTH_TOKEN, resolved at each use. */
  readonly apiToken: () => Promise<string>;
  readonly type: SecretType;
  /** The part of the value that the engine gets. */
  readonly part: string;
  readonly jwt: JwtUse;
  readonly dashboardUsername: string;
  /** Propagation delay of a change to every node, in milliseconds. */
  readonly propagationMs: number;
  /** Connections per question, since each of them stays with one node. */
  readonly connections: number;
  /** The deployment's .env file. Null when it is not on this machine. */
  readonly envFile: string | null;
  /** The configured value of REPLACE_SECRETS_FROM_ENV, used without an .env file. Null when not configured. */
  readonly replaceSecretsFromEnv: boolean | null;
}

/** How JSON Web Tokens are used with an engine. */
export interface JwtUse {
  /** JWT_ALGORITHM, one setting for every key. */
  readonly algorithm: JwtAlgorithm;
  /** Lifetime of the tokens that are issued for it. */
  readonly tokenLifetimeMs: number;
  /** Where the signing application returns a fresh token. Null when none is configured. */
  readonly signer: Signer | null;
}

export interface Signer {
  readonly url: string;
  /** Value of the Authorization header, where one is needed. */
  readonly authorization: (() => Promise<string>) | null;
  /** How long it may take to sign with another key. */
  readonly propagationMs: number;
}

/** Addresses of engines whose expiries are changed by POST. Found out once per process. */
export type Verbs = Set<string>;

const deadlineMs = 20_000; // a third of the start-to-close timeout

/** Client of Document Engine's API, which also asks whether the engine accepts a value. */
export class DocumentEngineClient {
  readonly #http: Http;
  readonly #connection: DocumentEngineConnection;
  readonly #byPost: Verbs;
  /** The release named by the newest answer. Null where none did: a proxy may remove the header. */
  version: string | null = null;
  /** How far the engine's clock is ahead of ours, by its last answer. Undefined before the first. */
  #aheadMs: number | undefined;

  constructor(connection: DocumentEngineConnection, byPost: Verbs = new Set()) {
    this.#http = new Http('Document Engine', connection.url, deadlineMs);
    this.#connection = connection;
    this.#byPost = byPost;
  }

  /** Unix milliseconds by the engine's clock, which decides about expiries. */
  now(): number {
    return Date.now() + (this.#aheadMs ?? 0);
  }

  /** The engine's description of its API (YAML). Null where it has none. */
  async description(): Promise<string | null> {
    const answer = await this.#administer({ ...requestTo('description'), allow: [404] });
    return answer.status === 404 ? null : answer.text;
  }

  /** Every non-expired secret of the connection's type. */
  async secrets(): Promise<ListedSecret[]> {
    return (await this.#administer(requestTo('listSecrets', this.#type))).json(ListedSecrets);
  }

  /** Adds a secret beside the current one. False when the engine refuses it. The answer has no id; only a list shows it. */
  async add(secret: string, expiresAt: string): Promise<boolean> {
    const request = { ...requestTo('addSecret', this.#type), allow: [400] };
    return (await this.#post(request, { secret, expiresAt })).status !== 400;
  }

  /** Makes a secret the current one. The effect on the former one is not documented. */
  async rotate(secret: string): Promise<void> {
    await this.#post(requestTo('rotateSecret', this.#type), { secret });
  }

  /** Changes the expiry of a secret that is not the current one. */
  async changeExpiry(id: number, expiresAt: string): Promise<'changed' | 'refused' | 'gone'> {
    const { url, type } = this.#connection;
    const both = ['changeExpiry', 'changeExpiryByPost'] as const;
    for (const name of this.#byPost.has(url) ? both.toReversed() : both) {
      const request = { ...requestTo(name, { type, id }), operation: 'changeExpiry', allow: [400, 404, 405] };
      const { status } = await this.#post(request, { expiresAt });
      if (status === 404 || status === 405) continue;
      if (name === 'changeExpiryByPost') this.#byPost.add(url);
      else this.#byPost.delete(url);
      return status === 400 ? 'refused' : 'changed';
    }
    return 'gone';
  }

  /** Learns the engine's clock, which dates tokens, from any answer. Sends nothing when it is known. */
  async learnTime(): Promise<void> {
    if (this.#aheadMs === undefined) await this.isThere();
  }

  /** Whether the engine answers. It does even with a dead worker or without a database. */
  async isThere(): Promise<void> {
    await this.#send(requestTo('health'));
  }

  /** Builds a document of one empty page. Throws when the engine's worker does not build it. */
  async builds(): Promise<void> {
    await this.#post({ ...requestTo('build'), asks: true }, { parts: [{ page: 'new' }] });
  }

  /** Sends a request with a value. The caller interprets the answer. */
  async question(request: HttpRequest): Promise<Answer & { readonly byEngine: boolean }> {
    const answer = await this.#send({ ...request, page: true });
    return { ...answer, byEngine: this.version === null || versionIn(answer) !== null };
  }

  /** Uploads a document under an id of our own, and overwrites an earlier one with that id. */
  async upload(id: string, bytes: Buffer): Promise<void> {
    const form = new FormData();
    form.set('file', new File([new Uint8Array(bytes)], `${id}.pdf`, { type: 'application/pdf' }));
    form.set('document_id', id);
    form.set('title', 'Keyturn test document');
    form.set('overwrite_existing_document', 'true');
    (await this.#administer({ ...requestTo('upload'), body: form })).json(UploadedDocument);
  }

  async pagesOf(document: string): Promise<number> {
    return (await this.#administer(requestTo('documentInfo', { document }))).json(DocumentInfo).data.pageCount;
  }

  /** Idempotent. */
  async deleteDocument(document: string): Promise<void> {
    await this.#administer({ ...requestTo('deleteDocument', { document }), allow: [404] });
  }

  get #type(): Pick<DocumentEngineConnection, 'type'> {
    return { type: this.#connection.type };
  }

  #post(request: HttpRequest, body: object): Promise<Answer> {
    const headers = { 'content-type': 'application/json' };
    return this.#administer({ ...request, headers, body: JSON.stringify(body) });
  }

  async #administer(request: HttpRequest): Promise<Answer> {
    const authorization = `Token token="${await this.#connection.apiToken()}"`;
    const headers = { ...request.headers, authorization };
    const answer = await this.#send({ ...request, headers, allow: [...(request.allow ?? []), 401, 403] });
    const why = answer.status === 401 || answer.status === 403 ? whyShut(answer) : null;
    if (why !== null) throw permanent('Unauthorized', why);
    return answer;
  }

  async #send(request: HttpRequest): Promise<Answer> {
    const headers = { accept: 'application/json', 'user-agent': 'keyturn', ...request.headers };
    const answer = await this.#http.send({ ...request, headers });
    this.version = versionIn(answer) ?? this.version;
    if (answer.providerTime !== undefined) this.#aheadMs = answer.providerTime * 1000 - Date.now();
    return answer;
  }
}

/** From `Server: Document Engine/1.18.1`, a header of every answer since release 1.6. */
function versionIn({ headers }: Answer): string | null {
  return /^Document Engine\/(\S+)/.exec(String(headers['server'] ?? ''))?.[1] ?? null;
}

/** Why the engine refused the API token, by answers of the real service. Reads the body and never passes it on. */
function whyShut({ status, text }: Answer): string {
  if (status === 401)
    return (
      'Document Engine answered 401, as to a request without a token: the API token did not reach it. ' +
      'Check whether a proxy removes the Authorization header, or requires its own sign-on'
    );
  if (text.includes('required components'))
    return (
      'Document Engine answered 403, since it runs without a database and so has no secrets API. ' +
      'Configure a database (PGHOST and related variables), or change its secrets in the environment and restart it'
    );
  if (text === '')
    return (
      'Document Engine answered 403 with an empty body, as to a wrong API token: set apiToken to the value of ' +
      'API_AUTH_TOKEN'
    );
  return 'Document Engine answered 403: the API token may not do this, or a proxy refused it';
}
