import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode } from '@temporalio/worker';
import { bundleWorkflows, quiet } from '../../workers/bundle.js';

/** The npm packages whose files are part of a bundle. */
function packagesIn(code: string): string[] {
  const paths = code.matchAll(/node_modules\/((?:@[\w.-]+\/)?[\w.-]+)\//g);
  return [...new Set([...paths].map(([, name]) => name ?? ''))].sort();
}

it('bundles nothing but Temporal and our own pure code', async () => {
  const { code } = await bundleWorkflows();

  expect(packagesIn(code)).toEqual(['@temporalio/common', '@temporalio/workflow', 'long', 'ms', 'nexus-rpc']);
  const ours = new Set(
    [...code.matchAll(/"\.\/((?:workflows|src|activities|workers)\/[\w./-]+)\.ts"/g)].map(([, path]) => path ?? ''),
  );
  expect(ours).toContain('workflows/rotation/run');
  expect([...ours].filter((path) => !path.startsWith('workflows/') && !path.startsWith('src/domain/'))).toEqual([]);
});

it('refuses workflow code that reaches for Node', async () => {
  const dir = mkdtempSync(fileURLToPath(new URL('../../dist/bundle-', import.meta.url))); // where packages are found
  const workflowsPath = join(dir, 'workflow.ts');
  writeFileSync(workflowsPath, `import { hostname } from 'os';\nexport async function leak() { return hostname(); }\n`);

  await expect(bundleWorkflowCode({ workflowsPath, logger: quiet })).rejects.toThrow(/disallowed modules[^]*'os'/);
  rmSync(dir, { recursive: true });
});
