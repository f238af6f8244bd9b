import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { sealedFailuresPath } from '../secrets/payload-codec.js';

/** A file of the workflows, `.ts` in development and `.js` once compiled. */
function workflowFile(name: string): string {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  return fileURLToPath(new URL(`../workflows/${name}.${extension}`, import.meta.url));
}

export interface BundleOptions {
  /** Failures of workflows put their words where the codec seals them. */
  sealed?: boolean;
  /** Failures and Temporal's `__stack_trace` query say where in the code: costs a third of a workflow's CPU. */
  stackTraces?: boolean;
}

/** Bundles the workflows (3 to 4 s) and writes the code to `file`, for `WORKFLOW_BUNDLE` of later starts. */
export async function writeWorkflowBundle(
  file: string,
  { sealed = false, stackTraces = false }: BundleOptions = {},
): Promise<void> {
  const { code } = await bundleWorkflowCode({
    workflowsPath: workflowFile('index'),
    logger: new DefaultLogger('WARN'),
    ...(stackTraces ? {} : { preloadModules: [workflowFile('without-stack-traces')] }),
    ...(sealed ? { failureConverterPath: sealedFailuresPath } : {}),
  });
  await writeFile(file, code);
}
