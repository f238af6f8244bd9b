import { fileURLToPath } from 'node:url';

/** Where the bare workflow's bundle lies once compiled, beside this file. */
export const bareBundlePath = fileURLToPath(new URL('workflow-bundle.js', import.meta.url));
