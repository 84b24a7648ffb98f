import type { Finding } from '../../src/domain/evidence.js';
import type { VersionRef } from '../../src/domain/version.js';
import { reporting } from '../shared/evidence.js';
import type { DocuElevateDeps } from './activities.js';
import type { DocuElevateClient } from './client.js';
import { type CredentialSetting, credentialSettings } from './credential-settings.js';
import { processTestDocument } from './documents.js';
import { connect } from './engine.js';

/** A plain setting that decides whether DocuElevate uses a credential at all. `fits` gets what it shows; empty when it is not set. */
interface Condition {
  readonly setting: string;
  readonly fits: (shown: string) => boolean;
  /** It matters for documents alone. */
  readonly ofStep?: true;
}

const oneOf = (setting: string, ...values: readonly string[]): Condition => ({
  setting,
  fits: (shown) => values.includes(shown.toLowerCase()),
});
const isSet = (setting: string): Condition => ({ setting, fits: (shown) => shown !== '' });
const isUnset = (setting: string): Condition => ({ setting, fits: (shown) => shown === '' });
const isOn = (setting: string): Condition => oneOf(setting, 'true', '1', 'yes');
const isOff = (setting: string): Condition => ({ setting, fits: (shown) => !isOn(setting).fits(shown) });

const byPerson = isOn('google_drive_use_oauth');

/** By credential setting. Where one is not met, a success is that of another value, or of a login that did not happen. */
const conditions: Readonly<Record<string, readonly Condition[]>> = {
  openai_api_key: [{ ...oneOf('ai_provider', 'openai', 'azure', 'litellm'), ofStep: true }],
  anthropic_api_key: [oneOf('ai_provider', 'anthropic')],
  gemini_api_key: [oneOf('ai_provider', 'gemini')],
  openrouter_api_key: [oneOf('ai_provider', 'openrouter')],
  portkey_api_key: [oneOf('ai_provider', 'portkey')],
  portkey_virtual_key: [oneOf('ai_provider', 'portkey')],
  google_drive_credentials_json: [isOff('google_drive_use_oauth')],
  google_drive_client_secret: [byPerson],
  google_drive_refresh_token: [byPerson],
  sftp_password: [isUnset('sftp_private_key')], // a key that can be read is used in its place
  email_password: [isSet('email_username')], // without both there is no login
  dest_email_password: [isSet('dest_email_username')],
  stripe_webhook_secret: [isSet('stripe_webhook_secret')], // without one every event is taken
  vector_index_api_key: [isOn('vector_index_enabled')],
};

/** Whether an AI provider, as DocuElevate names it, is the one of a setting. */
export function isProviderOf(setting: string, provider: string): boolean {
  return conditions[setting]?.every(({ fits }) => fits(provider)) === true;
}

/** Why a document or a test shows nothing about a setting now; null when it may. Reads plain settings only. */
export async function whyUnused(
  client: DocuElevateClient,
  setting: string,
  proof: 'step' | 'test',
): Promise<string | null> {
  for (const condition of conditions[setting] ?? []) {
    if (condition.ofStep && proof === 'test') continue;
    const shown = (await client.shownValue(condition.setting)) ?? '';
    const said = Object.hasOwn(credentialSettings, condition.setting) ? 'set' : shown;
    if (!condition.fits(shown))
      return `${condition.setting} is ${shown === '' ? 'not set' : said}, so DocuElevate does not use ${setting}`;
  }
  return null;
}

interface StepProof {
  readonly expect: string;
  readonly scanFor?: string;
}

const ocrEngineOf: Readonly<Record<string, string>> = {
  azure_ai_key: 'azure',
  mistral_api_key: 'mistral',
  google_docai_credentials_json: 'google_docai',
};

/**
 * The log line that shows the step of a setting. Null where no line does. A scan succeeds when one of several engines reads it, and only
 * `run_ocr_providers` counts them. Paperless has taken a document before anybody knows what became of it.
 */
export function stepProofOf(setting: string): StepProof | null {
  const { proof: { step } = {}, unseen }: Partial<CredentialSetting> = credentialSettings[setting] ?? {};
  if (step === undefined || unseen !== undefined) return null;
  const scanFor = ocrEngineOf[setting];
  if (scanFor !== undefined) return { expect: 'run_ocr_providers', scanFor };
  return { expect: step === 'upload_to_paperless' ? 'post_document' : step };
}

/** Why nothing of a kind shows the use of a setting. */
export function whyUnseen(setting: string, otherwise: string): string {
  const known = credentialSettings[setting];
  if (!known) return `this version of Keyturn does not know ${setting}`;
  return known.kind === 'unread' ? `no code of DocuElevate reads ${setting}` : (known.unseen ?? otherwise);
}

export interface ProofOf {
  readonly version: VersionRef;
  /** The credential setting that the version feeds. */
  readonly setting: string;
  /** Leaves the test document in the engine, for verification. */
  readonly keep?: boolean;
}

/**
 * Whether a document shows that the worker uses the setting: by its own step, as the catalog of settings says. Not observable where no
 * step does, and where DocuElevate would use another value in its place.
 */
export async function provesByStep(
  deps: DocuElevateDeps,
  { version, setting, keep = false }: ProofOf,
): Promise<Finding> {
  const { client } = await connect(deps, version.credential);
  const say = reporting(deps.store, version, 'document');
  const proof = stepProofOf(setting);
  if (!proof) return say('not-observable', whyUnseen(setting, `no step of a document uses ${setting}`));
  const why = await whyUnused(client, setting, 'step');
  return why === null ? processTestDocument(deps, { version, keep, ...proof }) : say('not-observable', why);
}
