import { z } from 'zod';
import type { ProcedureDescriptor } from '../domain/procedure.js';
import { configSchema } from './schema.js';

/** The JSON schema of the configuration file for editors, as the text of keyturn.schema.json. */
export function configJsonSchema(catalog: readonly ProcedureDescriptor[]): string {
  // The YAML language server reads draft 7 best. `input` is the file before defaults and parsing.
  const schema = z.toJSONSchema(configSchema(catalog), { target: 'draft-7', io: 'input' });
  return `${JSON.stringify({ title: 'Keyturn configuration', ...schema }, null, 2)}\n`;
}
