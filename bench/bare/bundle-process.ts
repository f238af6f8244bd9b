import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { bareBundlePath } from './bundle.js';

// Part of the benches' build: bundles the bare workflow.
const workflowsPath = fileURLToPath(new URL('workflow.js', import.meta.url));
const { code } = await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('WARN') });
await writeFile(bareBundlePath, code);
