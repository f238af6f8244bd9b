import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { createRoute, z } from '@hono/zod-openapi';
import { Problem } from '../errors.js';
import { problemsOf } from '../problem-responses.js';
import { newRoutes } from '../routing.js';

/** swagger-ui-dist's folder: the page is served from it and asks no other host for anything. */
const assets = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));

const FILES: Record<string, string> = {
  'swagger-ui.css': 'text/css; charset=utf-8',
  'swagger-ui-bundle.js': 'text/javascript; charset=utf-8',
  'favicon-32x32.png': 'image/png',
};

const PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Punctual API</title>
    <link rel="stylesheet" href="/docs/swagger-ui.css">
    <link rel="icon" type="image/png" href="/docs/favicon-32x32.png">
  </head>
  <body>
    <div id="swagger-ui"></div>
    <script src="/docs/swagger-ui-bundle.js"></script>
    <script src="/docs/start.js"></script>
  </body>
</html>
`;

/** No validator badge: it would send the document's address elsewhere. */
const START = `SwaggerUIBundle({ url: '/openapi.json', dom_id: '#swagger-ui', deepLinking: true, validatorUrl: null });\n`;

const html = { 'content-type': 'text/html; charset=utf-8' };
const text = (description: string, mediaType: string) => ({
  description,
  content: { [mediaType]: { schema: z.string() } },
});

const page = createRoute({
  method: 'get',
  path: '/docs',
  operationId: 'getDocsPage',
  tags: ['Operation'],
  summary: 'This document as a page',
  responses: { 200: text('The page.', 'text/html'), ...problemsOf('too_many_requests') },
});

const asset = createRoute({
  method: 'get',
  path: '/docs/{file}',
  operationId: 'getDocsFile',
  tags: ['Operation'],
  summary: 'What the page is made of',
  request: { params: z.object({ file: z.string() }) },
  responses: { 200: text('The file.', '*/*'), ...problemsOf('not_found', 'too_many_requests') },
});

export const docsRoutes = () =>
  newRoutes()
    .openapi(page, (c) => c.body(PAGE, 200, html))
    .openapi(asset, async (c) => {
      const { file } = c.req.valid('param');
      if (file === 'start.js') return c.body(START, 200, { 'content-type': 'text/javascript; charset=utf-8' });
      const type = Object.hasOwn(FILES, file) ? FILES[file] : undefined;
      if (type === undefined) throw new Problem('not_found');
      return c.body(new Uint8Array(await readFile(join(assets, file))), 200, {
        'content-type': type,
        'cache-control': 'public, max-age=86400',
      });
    });
