import { writeFileSync } from 'node:fs';
import { catalog } from '../../workflows/catalog.js';
import { configJsonSchema } from '../config/json-schema.js';

// Run from the folder of the project after a change of the configuration's schema or of the catalog.
writeFileSync('keyturn.schema.json', configJsonSchema(catalog));
