import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { sealedFailuresPath } from '../secrets/payload-codec.js';

/** The bundle's entry beside this file, `.ts` in development and `.js` once compiled. */
function entryPath(): string {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  return fileURLToPath(new URL(`../workflows/index.${extension}`, import.meta.url));
}

/**
 * Bundles the workflows (3 to 4 s) and writes the code to `file`, for `WORKFLOW_BUNDLE` of later starts. `sealed`: failures
 * of workflows put their words where the codec seals them.
 */
export async function writeWorkflowBundle(file: string, { sealed = false } = {}): Promise<void> {
  const { code } = await bundleWorkflowCode({
    workflowsPath: entryPath(),
    logger: new DefaultLogger('WARN'),
    ...(sealed ? { failureConverterPath: sealedFailuresPath } : {}),
  });
  await writeFile(file, code);
}
