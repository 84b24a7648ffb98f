import { z } from 'zod';
import { DurationText, HttpUrl } from '../../src/fields/fields.js';
import { SecretRef } from '../../src/fields/secret-ref.js';

const accountPath =
  /^\/subscriptions\/[\w-]+\/resourceGroups\/[\w.()-]+\/providers\/Microsoft\.CognitiveServices\/accounts\/[\w.-]+$/i;

/** The `provider` section of an Azure Document Intelligence credential. */
export const AzureAccount = z.strictObject({
  tenant: z
    .string()
    .regex(/^[\w.-]+$/, 'the id of a tenant, or one of its domains')
    .describe('The Entra tenant: its id, or one of its domains.'),
  clientId: z
    .string()
    .regex(/^[0-9a-f-]{36}$/i, 'an application (client) id is a UUID')
    .describe('Application (client) id of the app registration that Keyturn uses to sign in.'),
  clientSecret: SecretRef.describe(
    'A client secret of that app registration. The app needs a role on the account with accounts/read, accounts/listKeys/action and accounts/regenerateKey/action: Cognitive Services Contributor, or a custom role. Cognitive Services User is not enough.',
  ),
  account: z
    .string()
    .regex(accountPath, 'a resource id: /subscriptions/…/providers/Microsoft.CognitiveServices/accounts/…')
    .describe('Resource id of the Document Intelligence account (Azure portal: the resource, JSON View).'),
  endpoint: HttpUrl.describe(
    "The account's endpoint (Azure portal: Keys and Endpoint), as in DocuElevate's azure_endpoint.",
  ),
  login: HttpUrl.prefault('https://login.microsoftonline.com').describe("Address of Entra's token endpoint."),
  management: HttpUrl.prefault('https://management.azure.com').describe("Address of Azure's management API."),
  propagation: DurationText.prefault('5 minutes').describe(
    'Propagation delay: how long a regenerated key may take until all servers of Azure know it. It is not published; similar changes take 1 to 30 minutes. A refusal is checked over the whole delay, in an emergency before the new key is made.',
  ),
});
export type AzureAccount = z.infer<typeof AzureAccount>;

/** Tells one account from another. Resource ids are case-insensitive. */
export function azureIdentity({ management, account }: AzureAccount): string {
  return `${management}${account.toLowerCase()}`;
}
