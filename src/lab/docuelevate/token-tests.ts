import { type Reader, tryDropbox, tryGoogle, tryOneDrive } from './clouds.js';
import { reasonOf } from './delivery.js';
import { isOn } from './ftp.js';
import type { Peers } from './peers.js';

/** An answer of one of the engine's tests of its stored tokens. */
export interface TokenTest {
  readonly status: 'success' | 'error';
  readonly message: string;
  readonly needs_reauth?: true;
  readonly [more: string]: unknown;
}

type Test = (setting: Reader, peers: Peers) => Promise<TokenTest>;

export function isUnconfigured(message: string): boolean {
  return message.includes('configured');
}

/** A wrong app secret and a revoked token have the same words. */
const expired: TokenTest = {
  ...{ status: 'error', message: 'Refresh token has expired or is invalid', needs_reauth: true },
};

const account = { account: 'docs@example.test', account_name: 'Docs Account' };

const dropbox: Test = async (setting, peers) => {
  const keys = ['dropbox_refresh_token', 'dropbox_app_key', 'dropbox_app_secret'];
  if (keys.some((key) => setting(key) === '')) return error('Dropbox credentials are not fully configured');
  const { refusal } = await tryDropbox(setting, peers);
  if (refusal !== null) return expired;
  const token_info = { expires_in_human: 'Never expires (perpetual token)', is_perpetual: true };
  return { status: 'success', message: 'Dropbox connection successful', ...account, token_info };
};

const google: Test = async (setting, peers) => {
  const byPerson = isOn(setting('google_drive_use_oauth'));
  const needed = byPerson ? ['client_id', 'client_secret', 'refresh_token'] : ['credentials_json'];
  if (needed.some((part) => setting(`google_drive_${part}`) === ''))
    return error(
      byPerson
        ? 'Google Drive OAuth credentials are not fully configured'
        : 'Google Drive service account credentials are not configured',
    );
  const { refusal } = await tryGoogle(setting, peers);
  if (refusal !== null)
    return byPerson ? refusedByGoogle(refusal) : error(`Service account validation failed: ${refusal}`);
  const { account: email } = account;
  if (!byPerson)
    return {
      ...{ status: 'success', message: `Service account is valid! Connected as ${email}` },
      ...{ account: email, auth_type: 'service_account' },
    };
  const token_info = { expires_in_seconds: 3598, expires_in_human: '59 minutes' };
  return {
    ...{ status: 'success', message: `OAuth token is valid! Connected as ${email}` },
    ...{ account: email, auth_type: 'oauth', token_info },
  };
};

const reasons: Readonly<Record<string, string>> = {
  invalid_grant: 'Token has been expired or revoked.',
  invalid_client: 'The provided client secret is invalid.',
};

/** Words that mention a token count as a matter for a person. */
function refusedByGoogle(code: string): TokenTest {
  const reason = reasons[code] ?? '';
  const words = `('${code}: ${reason}', {'error': '${code}', 'error_description': '${reason}'})`;
  if (!/invalid_grant|token/i.test(words)) return error(`Connection error: ${words}`);
  return { status: 'error', message: `OAuth token validation failed: ${words}`, needs_reauth: true };
}

/** Its caller stores the newer refresh token that Microsoft sends along. */
const oneDrive: Test = async (setting, peers) => {
  const keys = ['onedrive_refresh_token', 'onedrive_client_id', 'onedrive_client_secret'];
  if (keys.some((key) => setting(key) === '')) return error('OneDrive credentials are not fully configured');
  const { peer, refusal } = await tryOneDrive(setting, peers);
  if (refusal !== null) return expired;
  const newer = peer.renew?.('refresh_token');
  const validity = 'Refresh token is valid for 90 days of inactivity';
  const token_info = { expires_in_seconds: 3599, expires_in_human: '59 minutes', refresh_token_validity: validity };
  return {
    ...{ status: 'success', message: 'OneDrive connection successful', ...account, token_info },
    ...(newer !== undefined && { newer }),
  };
};

function error(message: string): TokenTest {
  return { status: 'error', message };
}

/** By the service's name in the worker's own check. A test throws nothing: a service that cannot be reached is an answer as well. */
export const tokenTests: Readonly<Record<string, Test>> = Object.fromEntries(
  Object.entries({ Dropbox: dropbox, 'Google Drive': google, OneDrive: oneDrive }).map(([name, test]) => [
    name,
    (setting: Reader, peers: Peers) =>
      test(setting, peers).catch((failed: unknown) => error(`Connection error: ${reasonOf(failed)}`)),
  ]),
);
