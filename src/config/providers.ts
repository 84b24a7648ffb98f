import { OpenAiAccount, openAiIdentity } from '../../activities/openai/account.js';

/** What every provider wants to know in a credential's `provider` section, by the `provider` of the procedure. */
export const providers = {
  openai: { account: OpenAiAccount, identity: openAiIdentity },
} as const;

/** @throws Error when a procedure names a provider that is not listed here: a mistake in the program */
export function providerOf(name: string): (typeof providers)[keyof typeof providers] {
  if (!isListed(name)) throw new Error(`provider "${name}" is not listed in src/config/providers.ts`);
  return providers[name];
}

function isListed(name: string): name is keyof typeof providers {
  return Object.hasOwn(providers, name);
}
