import { createHash } from 'node:crypto';
import { existsSync, globSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { bundleWorkflowCode } from '@temporalio/worker';
import { quiet } from '../../workers/bundle.js';

const root = process.cwd();
const kept = join(root, 'node_modules', '.cache', 'keyturn-tests');
/** What a bundle of test workflows may hold besides the workflows themselves. */
const sources = ['workflows/**/*.ts', 'src/**/*.ts', 'package-lock.json'];

/**
 * The file of a bundle of test workflows with the runner's interceptor. Bundling takes five seconds of processor time, so test files share
 * the result until any source changes.
 */
export async function bundled(workflowsPath: string): Promise<string> {
  const file = join(kept, `${fingerprint(workflowsPath)}.js`);
  if (existsSync(file)) return file;
  const interceptor = join(root, 'workflows', 'rotation', 'interceptor.ts');
  const { code } = await bundleWorkflowCode({
    ...{ workflowsPath, workflowInterceptorModules: [interceptor], logger: quiet },
  });
  mkdirSync(dirname(file), { recursive: true });
  const own = `${file}.${process.pid}`; // two workers of Jest may bundle at the same time
  writeFileSync(own, code);
  renameSync(own, file);
  return file;
}

function fingerprint(workflowsPath: string): string {
  const hash = createHash('sha256').update(relative(root, workflowsPath));
  const own = join(relative(root, dirname(workflowsPath)), '**', '*.ts');
  for (const path of globSync([...sources, own], { cwd: root }).sort())
    hash.update(`${path}\n`).update(readFileSync(path));
  return hash.digest('hex').slice(0, 32);
}
