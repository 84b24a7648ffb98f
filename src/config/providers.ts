import type { z } from 'zod';
import { AzureAccount, azureIdentity } from '../../activities/azure/account.js';
import { OpenAiAccount, openAiIdentity } from '../../activities/openai/account.js';

/** What a provider wants to know in a credential's `provider` section, and what that section says. */
export interface Provider<S extends z.ZodObject = z.ZodObject> {
  readonly account: S;
  /** Equal for sections that mean the same account. */
  identity(section: unknown): string;
  /** Base address of every system that its requests name. */
  addresses(section: unknown): Readonly<Record<string, string>>;
  /** The account itself belongs to one credential: it has only so many places for values. */
  readonly exclusive: boolean;
}

interface About<A> {
  identity(account: A): string;
  addresses(account: A): Readonly<Record<string, string>>;
  readonly exclusive?: true;
}

/** By the `provider` of the procedure. */
export const providers = {
  openai: provider(OpenAiAccount, {
    identity: openAiIdentity,
    addresses: ({ baseUrl }) => ({ openai: baseUrl }),
  }),
  azure: provider(AzureAccount, {
    identity: azureIdentity,
    addresses: ({ login, management, endpoint }) => ({
      entra: login,
      azure: management,
      'document-intelligence': endpoint,
    }),
    exclusive: true,
  }),
} as const;

/** @throws Error when a procedure names a provider that is not listed here: a mistake in the program */
export function providerOf(name: string): (typeof providers)[keyof typeof providers] {
  if (!isListed(name)) throw new Error(`provider "${name}" is not listed in src/config/providers.ts`);
  return providers[name];
}

function provider<S extends z.ZodObject>(account: S, about: About<z.infer<S>>): Provider<S> {
  return {
    account,
    identity: (section) => about.identity(account.parse(section)),
    addresses: (section) => about.addresses(account.parse(section)),
    exclusive: about.exclusive ?? false,
  };
}

function isListed(name: string): name is keyof typeof providers {
  return Object.hasOwn(providers, name);
}
