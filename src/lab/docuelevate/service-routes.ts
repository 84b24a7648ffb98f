import { createHmac } from 'node:crypto';
import { type Answer, jsonBody, type Routes } from '../routes.js';
import { detail, ok, unprocessable } from './answers.js';
import type { Clock } from '../clock.js';
import type { Documents } from './documents.js';
import type { Peers } from './peers.js';
import { adminOnly, loggedIn, type Visit } from './sessions.js';
import { missing } from './upload-form.js';

export interface ServiceOptions {
  readonly documents: Documents;
  readonly peers: Peers;
  readonly clock: Clock;
}

/** Uses of services that no document needs: search, notifications, billing. */
export function serviceRoutes({ documents, peers, clock }: ServiceOptions): Routes<Visit> {
  return {
    'GET /api/search': loggedIn((visit) => search(visit, documents, peers)),
    'POST /api/diagnostic/test-notification': loggedIn((visit) => notify(visit, peers)),
    'GET /api/billing/stripe/status': adminOnly((visit) => stripeStatus(visit, peers)),
    'POST /api/billing/webhook': (visit) => stripeEvent(visit, clock),
  };
}

/** Any error, such as a refused key, is an empty result. */
async function search({ api, query }: Visit, documents: Documents, peers: Peers): Promise<Answer> {
  const asked = query.get('q');
  if (asked === null) return unprocessable([{ ...missing('q'), loc: ['query', 'q'] }]);
  const peer = peers[new URL(api.current('meilisearch_url') ?? '').host];
  const key = api.current('meilisearch_api_key');
  const refused = !peer || (key && (await peer.logIn({ api_key: key })) !== null);
  const words = asked.toLowerCase().split(/\W+/);
  const isHit = (name: string): boolean => words.some((word) => word !== '' && name.toLowerCase().includes(word));
  const found = refused ? [] : documents.files.filter(({ name, processed }) => processed !== null && isHit(name));
  const results = found.map(({ id, name }) => ({ file_id: id, original_filename: name }));
  const pages = Math.ceil(found.length / 20);
  const page = { page: 1, pages, query: asked, sort_by: 'relevance', sort_order: 'desc' };
  return ok({ results, total: found.length, ...page });
}

/** Uses the addresses that the process read at its start. One of several that takes it is a success. */
async function notify({ api }: Visit, peers: Peers): Promise<Answer> {
  const configured = addressesIn(api.current('notification_urls'));
  if (configured.length === 0) {
    const message = 'No notification services configured. Add notification URLs to your configuration.';
    return ok({ status: 'warning', message });
  }
  const tries = addressesIn(api.atStart('notification_urls')).map(async (url) => {
    const peer = peers[new URL(url).host];
    return peer !== undefined && (await peer.logIn({ url })) === null && peer.take(url) === null;
  });
  if (!(await Promise.all(tries)).includes(true)) {
    const message = 'Failed to send test notification. Check application logs for details.';
    return ok({ status: 'error', message });
  }
  const services_count = configured.length;
  const message = `Test notification sent successfully to ${services_count} service(s)`;
  return ok({ status: 'success', message, services_count });
}

function addressesIn(setting: string | null): string[] {
  return (setting ?? '').split(',').filter((each) => each.trim() !== '');
}

async function stripeStatus({ api }: Visit, peers: Peers): Promise<Answer> {
  const secret_key = api.current('stripe_secret_key');
  if (!secret_key) return ok({ configured: false, connection: 'not_configured', mode: null, plans: [] });
  const peer = peers['api.stripe.com'];
  const accepted = peer !== undefined && (await peer.logIn({ secret_key })) === null;
  const mode = secret_key.startsWith('sk_test_') ? 'test' : 'live';
  const webhook_secret_configured = Boolean(api.current('stripe_webhook_secret'));
  return ok({ configured: true, connection: accepted ? 'ok' : 'error', mode, webhook_secret_configured, plans: [] });
}

const toleranceSeconds = 300;

/** Without a secret it takes any event. It does nothing about events of a kind that it does not know. */
function stripeEvent({ api, headers, body }: Visit, clock: Clock): Answer {
  if (!api.current('stripe_secret_key')) return detail(503, 'Billing not configured.');
  const secret = api.current('stripe_webhook_secret');
  const [, time = '', signature] = /^t=(\d+),v1=(\w+)$/.exec(String(headers['stripe-signature'])) ?? [];
  const right = createHmac('sha256', secret ?? '')
    .update(`${time}.${body.toString()}`)
    .digest('hex');
  const isSigned = signature === right && Math.abs(clock() / 1000 - Number(time)) <= toleranceSeconds;
  if (secret && !isSigned) return detail(400, 'Invalid webhook signature.');
  return jsonBody({ body }) === undefined ? detail(400, 'Invalid webhook payload.') : ok({ status: 'ok' });
}
