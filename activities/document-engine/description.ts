import { parse } from 'yaml';
import { z } from 'zod';
import type { DocumentEngineClient } from './client.js';

const Description = z.object({
  info: z.object({ version: z.string() }),
  paths: z.record(z.string(), z.record(z.string(), z.unknown())),
});
const Secured = z.object({ security: z.array(z.record(z.string(), z.unknown())).optional() });

/** What an engine says of itself. */
export interface Told {
  /** Of its API, not of its release. */
  readonly version: string;
  /** Methods that change an expiry. */
  readonly change: readonly string[];
  /** Whether `POST /api/build` takes JSON Web Tokens. */
  readonly buildTakesJwt: boolean;
}

/** The engine's own description, which the vendor's MCP client reads from it at its start; null where it gives none out. */
export async function toldBy(client: DocumentEngineClient): Promise<Told | null> {
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
