import { readFile } from 'node:fs/promises';
import type { OpenApiDocument } from '../api/openapi-types.js';
import { BREAKS, CURRENT, readJson, RELEASED, type Released, writeJson } from './openapi-files.js';

// npm run release:api: from now on clients are promised what docs/openapi.json says.
const manifest = JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8')) as { version: string };
const former = await readJson<Released>(RELEASED).catch(() => null);
if (former?.version === manifest.version) {
  process.stderr.write(
    `Version ${manifest.version} is released already: raise "version" in package.json first, in its major part where docs/openapi-breaks.json is not empty.\n`,
  );
  process.exit(1);
}
const released: Released = { version: manifest.version, document: await readJson<OpenApiDocument>(CURRENT) };
await writeJson(RELEASED, released);
await writeJson(BREAKS, []);
process.stdout.write(`Version ${manifest.version} is what the next changes are compared with.\n`);
