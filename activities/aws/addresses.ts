import { createRequire } from 'node:module';
import type { AwsSection } from './section.js';

/** Loads the client libraries only when needed: every command reads the configuration. */
const load = createRequire(import.meta.url);

interface Provided {
  readonly config: {
    readonly endpointProvider: (asked: { Region: string; UseDualStack: boolean; UseFIPS: boolean }) => {
      readonly url: URL;
    };
  };
}
type Clients = Readonly<Record<string, new (settings: { region: string }) => Provided>>;

/** Base address of every service, by the client library's rules for the region: partitions have their own domains. */
export function awsAddresses({ region, endpoints }: Pick<AwsSection, 'region' | 'endpoints'>) {
  const addressOf = (library: string, client: string): string => {
    const Client = (load(library) as Clients)[client];
    if (!Client) throw new Error(`${library} has no ${client}`);
    const { endpointProvider } = new Client({ region }).config;
    return endpointProvider({ Region: region, UseDualStack: false, UseFIPS: false }).url.origin;
  };
  return {
    iam: endpoints.iam ?? addressOf('@aws-sdk/client-iam', 'IAMClient'),
    sts: endpoints.sts ?? addressOf('@aws-sdk/client-sts', 'STSClient'),
    s3: endpoints.s3 ?? addressOf('@aws-sdk/client-s3', 'S3Client'),
  };
}
