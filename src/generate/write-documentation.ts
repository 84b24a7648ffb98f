import { readFileSync, writeFileSync } from 'node:fs';
import { catalog } from '../../workflows/catalog.js';
import { renewed, tables } from '../config/documentation.js';

// Run from the folder of the project, with the files as arguments, after a change of the configuration's schema or of the catalog.
const known = tables(catalog);
for (const file of process.argv.slice(2)) writeFileSync(file, renewed(readFileSync(file, 'utf8'), known));
