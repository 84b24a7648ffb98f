import { formFields } from '../forms.js';
import type { Answer, Handler, Incoming, Routes } from '../routes.js';
import { json, ocs, ocsRefusal, withoutHeader } from './answers.js';
import type { Caller, NextcloudState, User } from './state.js';

type Signed = (caller: Caller, request: Incoming) => Answer;

/** The OCS API for programs. No call lists app passwords. */
export function ocsRoutes(state: NextcloudState): Routes<Incoming> {
  const signed = (handle: Signed): Handler<Incoming> => signedIn(state, handle);
  return {
    ...inBothVersions('GET', 'cloud/capabilities', capabilities(state)),
    ...inBothVersions(
      'GET',
      'cloud/user',
      signed(({ user }, request) => ocs(request, { data: about(user) })),
    ),
    ...inBothVersions('GET', 'core/getapppassword', signed(getAppPassword(state))),
    ...inBothVersions('DELETE', 'core/apppassword', signed(ofAppPassword((own) => void state.end(own)))),
    ...inBothVersions(
      'POST',
      'core/apppassword/rotate',
      signed(ofAppPassword((own) => (state.rotate(own), given(own.value)))),
    ),
    ...inBothVersions('GET', 'cloud/users/{uid}', signed(seeUser(state))),
    ...inBothVersions('PUT', 'cloud/users/{uid}', signed(editUser(state))),
    ...inBothVersions('DELETE', 'cloud/users/{uid}', signed(deleteUser(state))),
    ...inBothVersions('PUT', 'cloud/users/{uid}/enable', signed(enable(state, true))),
    ...inBothVersions('PUT', 'cloud/users/{uid}/disable', signed(enable(state, false))),
    ...inBothVersions(
      'GET',
      'cloud/users',
      signed(({ user }, request) => listUsers(state, user, request)),
    ),
    'DELETE /index.php/settings/personal/authtokens/{id}': signed(deleteById(state)),
    'POST /index.php/settings/personal/authtokens': signed(() => json(503)),
    'GET /status.php': () => ({ status: 200, body: { ...program, maintenance: state.server.maintenance } }),
  };
}

function inBothVersions(method: string, path: string, handle: Handler<Incoming>): Routes<Incoming> {
  return { [`${method} /ocs/v1.php/${path}`]: handle, [`${method} /ocs/v2.php/${path}`]: handle };
}

function signedIn(state: NextcloudState, handle: Signed): Handler<Incoming> {
  return (request) => {
    if (state.server.maintenance) return ocs(request, { code: 503, message: 'Service unavailable' });
    const caller = state.signIn(request);
    if (typeof caller === 'string') return ocsRefusal(request, caller);
    if (!('ocs-apirequest' in request.headers)) return withoutHeader;
    const [answer, cookie] = [handle(caller, request), state.cookieFor(caller, request)];
    return cookie === null ? answer : { ...answer, headers: { ...answer.headers, 'set-cookie': cookie } };
  };
}

const version = { major: 32, minor: 0, micro: 1, string: '32.0.1', edition: '', extendedSupport: false };
const program = {
  ...{ installed: true, maintenance: false, needsDbUpgrade: false, version: '32.0.1.2', versionstring: '32.0.1' },
  ...{ edition: '', productname: 'Nextcloud', extendedSupport: false },
};

function capabilities({ server }: NextcloudState): Handler<Incoming> {
  return (request) => {
    const bruteforce = { delay: 0, 'allow-listed': server.allowListed };
    return ocs(request, { data: { version, capabilities: { bruteforce } } });
  };
}

/** Creates an app password. Its name in lists is the request's User-Agent. */
function getAppPassword(state: NextcloudState): Signed {
  return ({ user, appPassword }, request) => {
    const message = 'You cannot request an new apppassword with an apppassword';
    if (appPassword) return ocs(request, { code: 403, message });
    return ocs(request, { data: given(state.add(user, request.headers['user-agent'] ?? '').value) });
  };
}

function given(value: string): object {
  return { apppassword: value };
}

/** Acts on the app password of the request. */
function ofAppPassword(act: (own: NonNullable<Caller['appPassword']>) => object | void): Signed {
  return ({ appPassword }, request) => {
    if (!appPassword) return ocs(request, { code: 403, message: 'no app password in use' });
    return ocs(request, { data: act(appPassword) ?? [] });
  };
}

/** The call of the settings page. It requires the account's password. */
function deleteById(state: NextcloudState): Signed {
  return ({ user, appPassword }, { params }) => {
    if (appPassword) return json(400);
    const found = state.appPasswords.find(
      (each) => each.user === user && !each.deleted && String(each.id) === params.id,
    );
    if (found) state.end(found);
    return json(found ? 200 : 404);
  };
}

function about({ name, enabled }: User): object {
  return {
    ...{ enabled, id: name, backend: 'Database', subadmin: [], email: null, displayname: name, 'display-name': name },
    ...{ groups: [], language: 'en', backendCapabilities: { setDisplayName: true, setPassword: true } },
  };
}

function seeUser({ users }: NextcloudState): Signed {
  return ({ user }, request) => {
    const found = users.get(request.params.uid ?? '');
    if (user.admin && !found) return ocs(request, { code: 404, message: 'User does not exist' });
    return found && (user.admin || found === user) ? ocs(request, { data: about(found) }) : ocs(request, { code: 998 });
  };
}

function listUsers({ users }: NextcloudState, { admin }: User, request: Incoming): Answer {
  const message = 'Logged in account must be at least a sub admin';
  return admin ? ocs(request, { data: { users: [...users.keys()] } }) : ocs(request, { code: 403, message });
}

/** A user may change their own password, an administrator everybody's. App passwords are not updated. */
function editUser({ users }: NextcloudState): Signed {
  return ({ user }, request) => {
    const found = users.get(request.params.uid ?? '');
    if (!found || !(user.admin || found === user)) return ocs(request, { code: 998 });
    const [key, value = ''] = ['key', 'value'].map((name) => formFields(request).get(name) ?? '');
    if (key !== 'password') return ocs(request, { code: 113 });
    const whyNot = refusedPassword(value);
    if (whyNot) return ocs(request, whyNot);
    found.password = value;
    return ocs(request);
  };
}

/** The error for a password that the server's policy refuses; null for an accepted one. */
export function refusedPassword(value: string): { code: number; message: string } | null {
  if (value.length < 10) return { code: 107, message: 'Password needs to be at least 10 characters long.' };
  return value.length > 469 ? { code: 101, message: 'Invalid password value' } : null;
}

function deleteUser({ users, appPasswords }: NextcloudState): Signed {
  return ({ user }, request) => {
    const found = users.get(request.params.uid ?? '');
    if (!found || !user.admin) return ocs(request, { code: 998 });
    users.delete(found.name);
    for (const each of appPasswords) if (each.user === found) each.deleted = true;
    return ocs(request);
  };
}

function enable({ users }: NextcloudState, enabled: boolean): Signed {
  return ({ user }, request) => {
    const found = users.get(request.params.uid ?? '');
    if (!found || !user.admin) return ocs(request, { code: 998 });
    found.enabled = enabled;
    return ocs(request);
  };
}
