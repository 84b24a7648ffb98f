import { randomBytes } from 'node:crypto';
import type { Arrival } from '../arrival.js';
import type { PropagationOptions } from '../propagation.js';
import { type Answer, type Handler, type Incoming, jsonBody, router } from '../routes.js';
import { type LabOptions, type LabServer, serve } from '../server.js';
import { detail, forbidden, html, ok, type Release, releases, signIn, versionOf } from './answers.js';
import { createDocumentRoutes } from './document-routes.js';
import { createState, type PaperlessState, type User } from './state.js';
import { changePassword, profile, tokenRoute, userView } from './token-routes.js';

export interface PaperlessLabOptions extends LabOptions, PropagationOptions {
  /** The account's password; random when left out. */
  readonly accountPassword?: string;
  readonly adminPassword?: string;
  /** Release 3 when left out, whose answers were recorded. Release 2's behavior is taken from its source code. */
  readonly release?: keyof typeof releases;
}

export interface PaperlessLab extends LabServer {
  readonly username: string;
  /** The account's current password. */
  readonly accountPassword: string;
  readonly adminUsername: string;
  readonly adminPassword: string;
  /** May be changed. A token does not depend on the password. */
  readonly account: Pick<User, 'password' | 'active' | 'mfaCode' | 'rights'>;
  /** The account's token; null when there is none. */
  token(): string | null;
  /** Every token the account ever had, oldest first. */
  tokens(): string[];
  /** Every token of every account, oldest first. */
  everyToken(): { readonly value: string; readonly username: string; readonly works: boolean }[];
  /** The token values that are accepted right now. */
  working(): string[];
  /** Whether this token or password would be accepted right now. Does not count as a login. */
  works(value: string): boolean;
  /** A person generates a new token in the profile, which replaces the old one. */
  generateToken(): string;
  /** A person deletes the token, unless it was already replaced. Throws when the account never had it. */
  kill(value: string): void;
  /** The account's tokens with the times they became valid (Unix ms, real time), oldest first. `value` is null when there was none. */
  inForce(): readonly { readonly value: string | null; readonly at: number }[];
  /** Titles of the stored documents. */
  documents(): string[];
  /** Received documents, oldest first. */
  arrivals(): readonly Arrival[];
  /** Adds another account with the same rights. Returns its token. */
  addColleague(name: string): string;
  /** Adds another account, without rights. */
  addUser(name: string, password: string): void;
}

/** Paperless-ngx, limited to tokens and uploads. */
export async function startPaperlessLab(options: PaperlessLabOptions = {}): Promise<PaperlessLab> {
  const state = createState({ clock: Date.now, ...options });
  const random = (): string => randomBytes(18).toString('base64url');
  const { adminPassword = random(), accountPassword = random() } = options;
  const admin = state.addUser({ name: 'admin', password: adminPassword, superuser: true });
  const rights = ['add_document', 'view_document', 'view_paperlesstask'];
  const user = state.addUser({ name: 'docuelevate', password: accountPassword, rights });
  const server = await serve(paperlessHandler(state, releases[options.release ?? 3]), options);
  const names = { username: user.name, adminUsername: admin.name, adminPassword: admin.password };
  return {
    ...{ ...server, ...names, account: user, ...tokensOf(state, user) },
    get accountPassword() {
      return user.password;
    },
    documents: () => state.documents.map(({ title }) => title),
    arrivals: () => state.arrivals,
    addColleague: (name) => state.replaceToken(state.addUser({ name, password: random(), rights })).value,
    addUser: (name, password) => void state.addUser({ name, password }),
  };
}

type Tokens = Pick<
  PaperlessLab,
  'everyToken' | 'inForce' | 'token' | 'tokens' | 'working' | 'works' | 'generateToken' | 'kill'
>;

function tokensOf(state: PaperlessState, user: User): Tokens {
  const own = () => state.tokens.filter((each) => each.user === user);
  const working = () =>
    own()
      .filter((each) => state.works(each))
      .map(({ value }) => value);
  return {
    token: () => state.tokenOf(user)?.value ?? null,
    inForce: () => state.changes.filter((each) => each.user === user),
    tokens: () => own().map(({ value }) => value),
    everyToken: () =>
      state.tokens.map((each) => ({ value: each.value, username: each.user.name, works: state.works(each) })),
    working,
    works: (value) => working().includes(value) || (user.active && value === user.password),
    generateToken: () => state.replaceToken(user).value,
    kill(value) {
      const found = own().find((each) => each.value === value);
      if (!found) throw new RangeError('there is no such token');
      if (!found.deleted) state.end(found);
    },
  };
}

type Signed = (user: User, request: Incoming, version: number) => Answer | Promise<Answer>;

/** Checks the version first, then the login. */
function paperlessHandler(state: PaperlessState, release: Release): Handler<Incoming> {
  const [newest] = release.versions;
  const versioned =
    (handle: (request: Incoming, version: number) => Answer | Promise<Answer>): Handler<Incoming> =>
    (request) => {
      const version = versionOf(request, release);
      return version === null ? detail(406, 'Invalid version in "Accept" header.') : handle(request, version);
    };
  const signed = (handle: Signed): Handler<Incoming> =>
    versioned(async (request, version) => {
      const user = signIn(state, request);
      if ('status' in user) return user;
      const answer = await handle(user, request, version);
      const versions = { 'x-api-version': String(newest), 'x-version': release.name };
      return { ...answer, headers: { ...versions, ...answer.headers } };
    });
  const documents = createDocumentRoutes(state, release);
  const notAllowed = ({ method }: Incoming): Answer => detail(405, `Method "${method}" not allowed.`);
  return router(
    {
      'POST /api/token/': versioned(tokenRoute(state)),
      'GET /api/token/': versioned(notAllowed),
      'GET /api/profile/': signed((user) => profile(state, user)),
      'PATCH /api/profile/': signed(
        (user, request) => changePassword(user, bodyOf(request)['password']) ?? profile(state, user),
      ),
      'POST /api/profile/generate_auth_token/': signed((user) => ok(state.replaceToken(user).value)),
      'GET /api/profile/generate_auth_token/': signed((_, request) => notAllowed(request)),
      'POST /api/documents/post_document/': signed((user, request) => documents.post(user, request)),
      'GET /api/tasks/': signed((user, request, version) => documents.tasks(user, { request, version })),
      'DELETE /api/documents/{id}/': signed((user, request) => documents.remove(user, request)),
      'PATCH /api/users/{id}/': signed((user, request) => editUser(state, user, request)),
      'DELETE /api/users/{id}/': signed((user, request) => deleteUser(state, user, request)),
    },
    lost,
  );
}

/** A path without a route, for instance without its trailing slash, redirects to the login page. */
function lost({ method, path }: Incoming): Answer {
  if (method === 'GET')
    return { status: 302, headers: { ...html, location: `/accounts/login/?next=${path}` }, body: '' };
  return {
    status: 403,
    headers: html,
    body: '<!DOCTYPE html><title>403 Forbidden</title>',
  };
}

function bodyOf(request: Incoming): Readonly<Record<string, unknown>> {
  return (jsonBody(request) ?? {}) as Record<string, unknown>;
}

function editUser({ users }: PaperlessState, by: User, request: Incoming): Answer {
  if (!by.superuser) return forbidden;
  const found = users.find(({ id }) => String(id) === request.params.id);
  if (!found) return detail(404, 'No User matches the given query.');
  const { is_active, password } = bodyOf(request);
  if (typeof is_active === 'boolean') found.active = is_active;
  return changePassword(found, password) ?? ok(userView(found));
}

function deleteUser(state: PaperlessState, by: User, { params }: Incoming): Answer {
  if (!by.superuser) return forbidden;
  const at = state.users.findIndex(({ id }) => String(id) === params.id);
  const [found] = at < 0 ? [] : state.users.splice(at, 1);
  const token = found && state.tokenOf(found);
  if (token) token.deleted = true;
  return found ? { status: 204 } : detail(404, 'No User matches the given query.');
}
