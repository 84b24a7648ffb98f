import { onOwnConnections } from '../shared/http.js';
import { onEachConnection } from '../shared/probes.js';
import type { EngineContext } from './context.js';
import { requestTo } from './requests.js';
import type { Control } from './succession.js';
import { isAccepted, type Reading, type Reply, useless } from './tokens.js';

/** An acceptance counts only where the dashboard refuses a request without a password. */
export async function showsPassword(context: EngineContext, password: string): Promise<Reading> {
  const bare = await askDashboard(context, null);
  if (bare.verdict !== 'refused') return openDashboard(bare);
  const isOther = (reply: Reply): boolean => !isAccepted(reply);
  const own = await onEachConnection(context.connection, isOther, () => askDashboard(context, password));
  if (isAccepted(own))
    return { verdict: 'accepted', by: 'GET /dashboard', detail: 'GET /dashboard accepted it, and refused no password' };
  return own.verdict === 'refused' ? { verdict: 'refused', detail: 'GET /dashboard refused it' } : noVerdict(own);
}

/** Sends one wrong password per round, and the control last: after five within a minute the engine accepts no password from an address. */
export async function showsRefusalOfPassword(
  context: EngineContext,
  password: string,
  control: Control,
): Promise<Reading> {
  const bare = await askDashboard(context, null);
  if (bare.verdict !== 'refused') return openDashboard(bare);
  const own = await onOwnConnections(() => askDashboard(context, password));
  if (isAccepted(own)) return { verdict: 'accepted', detail: 'Document Engine still accepts it' };
  const current = control.parts['password'] ?? '';
  const beside = await onEachConnection(context.connection, isAccepted, () => askDashboard(context, current));
  if (!isAccepted(beside)) return useless(control);
  return own.verdict === 'refused'
    ? { verdict: 'refused', detail: `GET /dashboard answered 401, while it accepted ${control.name}` }
    : noVerdict(own);
}

function openDashboard({ status }: Reply): Reading {
  const why = 'it is disabled, or behind a sign-on';
  return { verdict: 'unclear', detail: `GET /dashboard does not ask for a password (${status}): ${why}` };
}

function noVerdict({ status }: Reply): Reading {
  return { verdict: 'unclear', detail: `GET /dashboard answered ${status}, which is no verdict on a password` };
}

/** `GET /dashboard` with a password, or without one. A redirect out of the dashboard leads to a login page and is no acceptance. */
async function askDashboard({ client, connection }: EngineContext, password: string | null): Promise<Reply> {
  const user = Buffer.from(`${connection.dashboardUsername}:${password}`).toString('base64');
  const { status, headers, byEngine } = await client.question({
    ...requestTo('dashboard'),
    headers: password === null ? {} : { authorization: `Basic ${user}` },
    allow: [301, 302, 303, 307, 308, 401, 403, 404],
  });
  const inside = status >= 300 && status < 400 && /^\/dashboard(?:[/?#]|$)/.test(String(headers['location']));
  const asksForBasic = /^basic\b/i.test(String(headers['www-authenticate'] ?? ''));
  const verdict = status < 300 || inside ? 'accepted' : status === 401 && asksForBasic ? 'refused' : 'unclear';
  return { verdict, status, byEngine };
}
