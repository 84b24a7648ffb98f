import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, type WorkflowBundleWithSourceMap } from '@temporalio/worker';

/** The workflow bundle of `npm run build`, beside the compiled code. Tests that run from the sources use it too. */
export const bundlePath = fileURLToPath(
  new URL(
    import.meta.url.endsWith('.ts') ? '../dist/workers/workflow-bundle.js' : './workflow-bundle.js',
    import.meta.url,
  ),
);

/** Bundles everything in workflows/; refuses Node modules and anything else that would not replay. */
export function bundleWorkflows(): Promise<WorkflowBundleWithSourceMap> {
  return bundleWorkflowCode({
    workflowsPath: sourceOf('index'),
    workflowInterceptorModules: [sourceOf('rotation/interceptor')],
    logger: quiet,
  });
}

/** Compiled code bundles compiled code; sources bundle TypeScript. */
function sourceOf(name: string): string {
  const compiled = fileURLToPath(new URL(`../workflows/${name}.js`, import.meta.url));
  return existsSync(compiled) ? compiled : compiled.replace(/\.js$/, '.ts');
}

const ignore = () => undefined;
/** The bundler's log is dropped: it throws what matters. */
export const quiet = { log: ignore, trace: ignore, debug: ignore, info: ignore, warn: ignore, error: ignore };
