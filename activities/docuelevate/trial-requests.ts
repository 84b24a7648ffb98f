import type { RequestTemplate } from '../../src/domain/requests.js';
import { optional, repeated } from '../shared/endpoints.js';
import { credentialSettings } from './credential-settings.js';
import { endpoints } from './endpoints.js';

const { testConnection, testToken, showSetting, openLogin, logIn } = endpoints;

/** What each test sends, by the endpoint in the catalog of settings. */
const requests = {
  'GET /api/openai/test': [testConnection],
  'GET /api/azure/test': [testConnection],
  'GET /api/ai/test': [endpoints.testAi],
  'GET /api/dropbox/test-token': [testToken],
  'GET /api/google-drive/test-token': [testToken],
  'GET /api/onedrive/test-token': [testToken],
  'POST /api/imap-accounts/test': [optional(endpoints.testMailbox)],
  'POST /api/admin/users/local/{id}/send-password-reset': [
    ...[optional(endpoints.listLocalUsers), optional(endpoints.addLocalUser), optional(endpoints.changeLocalUser)],
    optional(endpoints.sendPasswordReset),
  ],
  'POST /auth': [openLogin, logIn, optional(endpoints.whoAmI)],
  'POST /api/intake/documents': [endpoints.takeIn],
  'POST /api/diagnostic/test-notification': [endpoints.testNotification],
  'GET /api/search': [endpoints.listFiles, optional(repeated(endpoints.search))],
  'POST /api/integrations/test': [endpoints.testIntegration],
  'GET /api/billing/stripe/status': [endpoints.showStripe],
  'POST /api/billing/webhook': [endpoints.sendStripeEvent],
  'GET /api/diagnostic/healthz/ready': [endpoints.showReadiness],
  'GET /api/queue/stats': [endpoints.showQueue],
} as const satisfies Record<string, readonly RequestTemplate[]>;

export type TestEndpoint = keyof typeof requests;

/** Settings whose endpoint would change the value that it tries. */
const notTried: Readonly<Record<string, string>> = {
  onedrive_refresh_token: 'the test replaces the refresh token that it tries',
};

/** The endpoint that tries a setting. Null where none does. */
export function testOf(setting: string): TestEndpoint | null {
  const known = credentialSettings[setting];
  const endpoint = known?.proof?.test ?? '';
  const isTried = known?.unseen === undefined && notTried[setting] === undefined;
  return isTried && isTest(endpoint) ? endpoint : null;
}

function isTest(endpoint: string): endpoint is TestEndpoint {
  return Object.hasOwn(requests, endpoint);
}

export function whyNotTried(setting: string): string {
  return notTried[setting] ?? `no endpoint of DocuElevate tries ${setting}`;
}

/** The requests of every setting's test. */
export const trialRequests: readonly RequestTemplate[] = Object.keys(credentialSettings).flatMap((setting) => {
  const endpoint = testOf(setting);
  if (endpoint === null) return [];
  return [optional(repeated(showSetting)), ...requests[endpoint]].map((request) => ({ ...request, setting }));
});
