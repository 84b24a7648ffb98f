// Prints the procedures whose own code changed since the commit that .ci/baseline names, separated by commas.
// Move it on when `npm run prove:all` has passed.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { catalog } from '../dist/workflows/catalog.js';

const baseline = readFileSync(new URL('baseline', import.meta.url), 'utf8').trim();

/** Null when that commit is not here: then everything counts as changed. */
function changedFiles() {
  try {
    return execFileSync('git', ['diff', '--name-only', baseline, 'HEAD', '--', ':!*.md'], {
      encoding: 'utf8',
      stdio: 'pipe',
    }).split('\n');
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
