import type { z } from 'zod';
import { AwsAccount, awsIdentity } from '../../activities/aws/account.js';
import { awsAddresses } from '../../activities/aws/addresses.js';
import { AzureAccount, azureIdentity } from '../../activities/azure/account.js';
import {
  DocumentEngineAccount,
  documentEngineIdentity,
  documentEngineParts,
} from '../../activities/document-engine/account.js';
import { OpenAiAccount, openAiIdentity } from '../../activities/openai/account.js';
import { SftpAccount, sftpAddress, sftpIdentity, sftpParts } from '../../activities/sftp/account.js';

import type { UsageData } from '../domain/rotation.js';
import { usageDataOf } from './usage.js';

type Parts = Readonly<Record<string, string>>;

/** What a provider wants to know in a credential's `provider` section, what that section says, and what an adopted value consists of. */
export interface Provider<S extends z.ZodObject = z.ZodObject> {
  readonly account: S;
  /** The same as it stands in the configuration. */
  readonly section: z.ZodType;
  /** Equal for sections that mean the same account. */
  identity(section: unknown): string;
  /** Base address of every system that its requests name. */
  addresses(section: unknown): Readonly<Record<string, string>>;
  /** The account itself belongs to one credential: it has only so many places for values. */
  readonly exclusive: boolean;
  /** How exactly it tells when a value was used last; null where it does not tell. */
  usage(section: unknown): UsageData | null;
  /** What of the section DocuElevate shows in plain. */
  readonly shown: readonly ShownField[];
  /** The parts of an adopted value, checked and completed. Throws when it is no value of this kind. */
  parts(given: Parts): Parts;
}

/** A field of a `provider` section, and the setting of DocuElevate that says the same. */
export interface ShownField {
  readonly field: string;
  readonly setting: string;
  /** What DocuElevate uses where the setting is not set. */
  readonly unset?: string;
  /** The setting's text as the section writes it. */
  readonly as?: (text: string) => string;
}

interface About<A> {
  identity(account: A): string;
  addresses?(account: A): Readonly<Record<string, string>>;
  readonly exclusive?: true;
  readonly shown?: readonly ShownField[];
  readonly parts?: (given: Parts) => Parts;
  usage?(account: A): UsageData;
}

/** By the `provider` of the procedure. */
export const providers = {
  openai: provider(OpenAiAccount, {
    identity: openAiIdentity,
    addresses: ({ baseUrl }) => ({ openai: baseUrl }),
    usage: usageDataOf,
    shown: [{ field: 'baseUrl', setting: 'openai_base_url' }],
  }),
  azure: provider(AzureAccount, {
    identity: azureIdentity,
    addresses: ({ login, management, endpoint }) => ({
      entra: login,
      azure: management,
      'document-intelligence': endpoint,
    }),
    exclusive: true,
    shown: [{ field: 'endpoint', setting: 'azure_endpoint' }],
  }),
  aws: provider(AwsAccount, {
    identity: awsIdentity,
    addresses: awsAddresses,
    exclusive: true,
    usage: usageDataOf,
    shown: [
      { field: 'bucket', setting: 's3_bucket_name' },
      { field: 'prefix', setting: 's3_folder_prefix', as: (text) => (text.endsWith('/') ? text : `${text}/`) },
      { field: 'region', setting: 'aws_region', unset: 'us-east-1' },
    ],
  }),
  'document-engine': {
    ...provider(DocumentEngineAccount, { identity: documentEngineIdentity, parts: documentEngineParts }),
    section: DocumentEngineAccount.prefault({}), // it may be left out
  },
  sftp: provider(SftpAccount, {
    identity: sftpIdentity,
    addresses: (account) => ({ sftp: sftpAddress(account) }),
    exclusive: true,
    shown: [
      { field: 'host', setting: 'sftp_host' },
      { field: 'port', setting: 'sftp_port', unset: '22' },
      { field: 'username', setting: 'sftp_username' },
    ],
    parts: sftpParts,
  }),
} as const;

/** @throws Error when a procedure names a provider that is not listed here: a mistake in the program */
export function providerOf(name: string): (typeof providers)[keyof typeof providers] {
  if (!isListed(name)) throw new Error(`provider "${name}" is not listed in src/config/providers.ts`);
  return providers[name];
}

function provider<S extends z.ZodObject>(account: S, about: About<z.output<S>>): Provider<S> {
  return {
    account,
    section: account,
    identity: (section) => about.identity(account.parse(section)),
    addresses: (section) => about.addresses?.(account.parse(section)) ?? {},
    exclusive: about.exclusive ?? false,
    usage: (section) => about.usage?.(account.parse(section)) ?? null,
    shown: about.shown ?? [],
    parts: about.parts ?? ((given) => given),
  };
}

function isListed(name: string): name is keyof typeof providers {
  return Object.hasOwn(providers, name);
}
