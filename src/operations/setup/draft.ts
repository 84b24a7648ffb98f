import { waysOf } from '../../../activities/by-hand/guide.js';
import { recreation } from '../../../activities/deployment/command.js';
import { credentialSettings } from '../../../activities/docuelevate/credential-settings.js';
import type { EngineCredential } from '../../../activities/docuelevate/schemas.js';
import type { ProcedureDescriptor } from '../../domain/procedure.js';
import { isPlain } from '../../config/unencrypted.js';
import { draftProvider } from './draft-provider.js';
import { places } from './init-places.js';

export type Engine = {
  readonly url: string;
  /** The credentials that the engine has, set or not. */
  readonly credentials: readonly EngineCredential[];
  /** Its plain settings by name, without those that are not set. */
  readonly plain: Readonly<Record<string, string>>;
} & ({ readonly kind: 'docuelevate'; readonly username: string } | { readonly kind: 'document-engine' });

/** Names of the engines in the configuration. */
const names = { docuelevate: 'docs', 'document-engine': 'viewer' } as const;

export interface Draft {
  readonly text: string;
  /** Names of the credentials that can be rotated. */
  readonly credentials: readonly string[];
  /** Settings that are set in the engine and have no entry: a person rotates them, or nobody. */
  readonly withoutProcedure: readonly string[];
  /** Files that a person has to put a secret into. */
  readonly secretFiles: readonly string[];
}

/** A configuration for an engine as it is: an entry for everything that can be rotated, a comment for the rest. */
export function draftConfiguration(engine: Engine, catalog: readonly ProcedureDescriptor[]): Draft {
  const set = engine.credentials.filter(({ configured }) => configured);
  const entries = catalog
    .filter((descriptor) => descriptor.engine === engine.kind)
    .map((descriptor) => ({
      descriptor,
      name: nameOf(descriptor, catalog),
      feeds: set.filter(({ key }) => key in descriptor.settings),
    }))
    .filter(({ feeds }) => feeds.length > 0)
    .map((entry) => ({ ...entry, ...draftProvider(entry, engine.plain) }));
  const others = set.filter(({ key }) => !catalog.some(({ settings }) => key in settings));
  return {
    text: [
      head,
      ...(isPlain(engine.url) ? [insecure] : []),
      engineText(engine),
      entries.length === 0 ? 'credentials: {}' : 'credentials:',
      ...entries.map(entryText),
      ...(others.length === 0 ? [] : [comments(others)]),
      '',
    ].join('\n'),
    credentials: entries.map(({ name }) => name),
    withoutProcedure: others.map(({ key }) => key),
    secretFiles: entries.flatMap(({ secretFiles }) => secretFiles),
  };
}

interface Entry {
  readonly name: string;
  readonly descriptor: ProcedureDescriptor;
  readonly feeds: readonly EngineCredential[];
  readonly lines: readonly string[];
}

function nameOf({ id, provider }: ProcedureDescriptor, catalog: readonly ProcedureDescriptor[]): string {
  return catalog.filter((other) => other.provider === provider).length === 1 ? provider : id;
}

const insecure = `# Secrets go to the engine unencrypted: anybody on the network path can read them. Better: use https://, and remove this.
insecure: true
`;

const head = `# Written by keyturn init. This file never holds secrets, only where they are kept.
# Paths are relative to the folder of this file. Only you know what is marked FILL IN.

store: sqlite:${places.store}

# The keys that seal the stored values. Back this file up apart from the store: without it no value can be read.
keyRing: { file: ${places.keyRing} }
`;

function engineText(engine: Engine): string {
  const start = `engines:
  ${names[engine.kind]}:
    kind: ${engine.kind}
    url: ${engine.url}
`;
  if (engine.kind === 'docuelevate')
    return `${start}    admin:
      username: ${JSON.stringify(engine.username)}
      password: { file: ${places.adminPassword} }
    # For credentials with via: environment, and so that check can compare: DocuElevate's environment file, as it lies on this machine, and what
    # recreates its processes. A mere docker compose restart would keep their old environment.
    # deployment:
    #   envFile: ${places.engineEnvironment}
    #   restart: [${recreation.join(', ')}]
`;
  return `${start}    apiToken: { file: ${places.apiToken} }
    # Its JWT_ALGORITHM, and how long the tokens live that are issued for it.
    jwt: { algorithm: RS256, tokenLifetime: 1 hour }
    # It has to run with REPLACE_SECRETS_FROM_ENV=false. Name the file that sets it, or state it yourself:
    # deployment: { envFile: /srv/viewer/.env }
    # deployment: { replaceSecretsFromEnv: false }
`;
}

function entryText({ name, descriptor, feeds, lines }: Entry): string {
  return [
    ...feeds.map((setting) => `  # ${oneLine(setting.description)} (${setting.key}, ${origin(setting)})`),
    `  ${name}:`,
    `    procedure: ${descriptor.id}`,
    `    engine: ${names[descriptor.engine]}`,
    ...lines.map((line) => `    ${line}`),
    ...(descriptor.delivers === undefined ? [] : delivery(descriptor.delivers)),
    ...deliveryToEnvironment(descriptor, feeds),
    '    # How long the old value stays usable after the new one was proved.',
    '    grace: 24 hours',
  ].join('\n');
}

function delivery(part: string): string[] {
  return [
    `    # FILL IN. The file for ${part}, where the programs that use it read it.`,
    '    deliver:',
    '      - file:',
  ];
}

/** A proposal: only the operator knows whether that file can be reached from here. */
function deliveryToEnvironment(
  { engine, settings }: ProcedureDescriptor,
  feeds: readonly EngineCredential[],
): string[] {
  const fromThere = feeds.filter(({ source }) => source === 'env');
  if (engine !== 'docuelevate' || fromThere.length === 0) return [];
  const several = new Set(Object.values(settings)).size > 1;
  return [
    `# ${fromThere.map(({ key }) => key).join(' and ')}: set in DocuElevate's environment. A worker that starts while its Redis is empty`,
    "# uses the environment's value, which fails after a rotation. So let Keyturn write each new value there as well: name the",
    '# environment file, as it lies on this machine, and uncomment this.',
    '# deliver:',
    ...fromThere.flatMap(({ key }) => [
      `#   - envFile: ${places.engineEnvironment}`,
      `#     variable: ${key.toUpperCase()}`,
      ...(several ? [`#     part: ${settings[key] ?? ''}`] : []),
    ]),
  ].map((line) => `    ${line}`);
}

function comments(settings: readonly EngineCredential[]): string {
  const categories = [...new Set(settings.map(({ category }) => oneLine(category)))];
  return [
    '',
    '# Also set in the engine. What a person can rotate has an entry to uncomment, with what is marked FILL IN (docs/by-hand.md):',
    ...categories.flatMap((category) => [
      '#',
      `#   ${category}`,
      ...settings
        .filter((setting) => oneLine(setting.category) === category)
        .flatMap((setting) => [
          `#     ${setting.key}: ${oneLine(setting.description)} (${origin(setting)}${fateOf(setting)})`,
          ...proposal(setting),
        ]),
    ]),
  ].join('\n');
}

/** An entry for a setting that a person can rotate. Only that person knows who issues the value. */
function proposal({ key }: EngineCredential): string[] {
  const kind = credentialSettings[key]?.kind;
  if (kind !== 'value' && (kind !== 'environment' || key === 'session_secret')) return [];
  const via = kind === 'environment' ? ', via: environment' : '';
  const { overlap = 'both-valid' } = waysOf(key);
  const provider = `provider: { name: FILL IN, overlap: ${overlap} }`;
  return [`#  ${key}: { procedure: by-hand, engine: ${names.docuelevate}, settings: [${key}]${via}, ${provider} }`];
}

const fates = {
  environment: '; only its environment counts, after a restart',
  unread: '; nothing in DocuElevate reads it, so there is nothing to rotate',
} as const;

/** What a person has to know of a setting without a procedure. */
function fateOf({ key }: EngineCredential): string {
  const setting = credentialSettings[key];
  if (!setting) return '; this version of Keyturn does not know it';
  if (setting.kind === 'part') return `; changes together with ${setting.of}`;
  return setting.kind === 'value' ? '' : fates[setting.kind];
}

function origin({ source }: EngineCredential): string {
  return source === 'db' ? 'set in its database' : 'set in its environment';
}

/** The engine's words, fit for a comment. */
function oneLine(text: string): string {
  return text.replaceAll(/[\s\p{Cc}]+/gu, ' ').trim();
}
