import { readFileSync, writeFileSync } from 'node:fs';
import { catalog } from '../../workflows/catalog.js';
import { tables, withTables } from '../config/documentation.js';

// Run it in the project's folder, with the files as arguments, after a change of the configuration schema or the catalog.
const known = tables(catalog);
for (const file of process.argv.slice(2)) writeFileSync(file, withTables(readFileSync(file, 'utf8'), known));
