import { writeWorkflowBundle } from './bundle.js';

const file = process.argv[2];
if (file === undefined) throw new Error('Say where the bundle goes: bundle-main <file>.');
await writeWorkflowBundle(file);
