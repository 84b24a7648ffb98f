// Prints the procedures whose own code changed since the last full run of the crash matrix (.ci/proved names its commit), separated by commas.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { catalog } from '../dist/workflows/catalog.js';

const proved = readFileSync(new URL('proved', import.meta.url), 'utf8').trim();

/** Null when that commit is not here: then everything counts as changed. */
function changedFiles() {
  try {
    return execFileSync('git', ['diff', '--name-only', proved, 'HEAD'], { encoding: 'utf8', stdio: 'pipe' }).split(
      '\n',
    );
  } catch {
    return null;
  }
}

const files = changedFiles();
const isOwn = ({ id, provider }, file) =>
  file === `workflows/procedures/${id}.ts` ||
  file.startsWith(`activities/${provider}/`) ||
  file.startsWith(`src/lab/${provider}/`);
const changed = catalog.filter((procedure) => files?.some((file) => isOwn(procedure, file)) ?? true);
console.log(changed.map(({ id }) => id).join(','));
