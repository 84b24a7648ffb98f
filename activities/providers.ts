import { aws } from './aws/provider.js';
import { azure } from './azure/provider.js';
import { byHand } from './by-hand/provider.js';
import { documentEngine } from './document-engine/provider.js';
import type { Provider } from './kit/provider.js';
import { nextcloud } from './nextcloud/provider.js';
import { openai } from './openai/provider.js';
import { paperless } from './paperless/provider.js';
import { sftp } from './sftp/provider.js';

/** Every provider by its system. A new provider is added here and nowhere else. */
export const providers = {
  openai,
  azure,
  aws,
  'document-engine': documentEngine,
  sftp,
  nextcloud,
  paperless,
  'by-hand': byHand,
} as const satisfies Readonly<Record<string, Provider>>;

/** @throws Error when a procedure names a provider that is not listed here, which is a bug */
export function providerOf(system: string): Provider {
  const found: Provider | undefined = Object.values(providers).find((provider) => provider.system === system);
  if (!found) throw new Error(`provider "${system}" is not listed in activities/providers.ts`);
  return found;
}
