import { writeFileSync } from 'node:fs';
import { catalog } from '../../workflows/catalog.js';
import { configJsonSchema } from '../config/json-schema.js';

// Run it in the project's folder after a change of the configuration schema or the catalog.
writeFileSync('keyturn.schema.json', configJsonSchema(catalog));
