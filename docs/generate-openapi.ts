import type { OpenApiDocument } from '../api/openapi-types.js';
import { describeApi } from './openapi-document.js';
import { CURRENT, fold, writeJson } from './openapi-files.js';

// npm run docs: writes docs/openapi.json anew from the routes.
const changed = await writeJson(CURRENT, fold((await describeApi()) as OpenApiDocument));
process.stdout.write(
  changed ? 'docs/openapi.json was written anew.\n' : 'docs/openapi.json is as the routes have it.\n',
);
process.exit(0);
