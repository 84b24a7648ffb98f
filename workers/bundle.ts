import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, type WorkflowBundleWithSourceMap } from '@temporalio/worker';

/** Where `npm run build` leaves the workflow bundle: beside the compiled code, which tests that run from the sources use as well. */
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

/** Compiled code beside compiled code, TypeScript beside TypeScript. */
function sourceOf(name: string): string {
  const compiled = fileURLToPath(new URL(`../workflows/${name}.js`, import.meta.url));
  return existsSync(compiled) ? compiled : compiled.replace(/\.js$/, '.ts');
}

const ignore = () => undefined;
/** The bundler reports to nobody: what matters it throws. */
export const quiet = { log: ignore, trace: ignore, debug: ignore, info: ignore, warn: ignore, error: ignore };
