import { parse } from 'yaml';
import { z } from 'zod';
import type { DocumentEngineClient } from './client.js';

const Description = z.object({
  info: z.object({ version: z.string() }),
  paths: z.record(z.string(), z.record(z.string(), z.unknown())),
});
const Secured = z.object({ security: z.array(z.record(z.string(), z.unknown())).optional() });

/** An engine's description of its API, as far as it is used. */
export interface ApiDescription {
  /** Version of the API, not of the release. */
  readonly version: string;
  /** Methods that change an expiry. */
  readonly change: readonly string[];
  /** Whether `POST /api/build` takes JSON Web Tokens. */
  readonly buildTakesJwt: boolean;
}

/** Reads the engine's own description, as the vendor's MCP client does at its start. Null where there is none. */
export async function readDescription(client: DocumentEngineClient): Promise<ApiDescription | null> {
  const text = await client.description();
  const read = text === null ? null : Description.safeParse(yamlOf(text));
  if (!read?.success) return null;
  const { info, paths } = read.data;
  const path = Object.keys(paths).find((each) => /^\/api\/secrets\/\{[^}]+\}\/\{[^}]+\}$/.test(each)) ?? '';
  const { security = [] } = Secured.safeParse(paths['/api/build']?.['post']).data ?? {};
  return {
    version: info.version,
    change: Object.keys(paths[path] ?? {}).flatMap((method) =>
      /^(patch|post|put)$/.test(method) ? [method.toUpperCase()] : [],
    ),
    buildTakesJwt: security.some((scheme) => 'JWT' in scheme),
  };
}

function yamlOf(text: string): unknown {
  try {
    return parse(text);
  } catch {
    return null;
  }
}
