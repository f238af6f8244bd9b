import type { OpenAPIHono } from '@hono/zod-openapi';
import type { ApiEnv } from './services.js';

/** The OpenAPI 3.1 document of every route, generated from the schemas that validate them. */
export function addDocument(app: OpenAPIHono<ApiEnv>): void {
  app.openAPIRegistry.registerComponent('securitySchemes', 'bearer', {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
  });
  app.openAPIRegistry.registerComponent('securitySchemes', 'session', {
    type: 'apiKey',
    in: 'cookie',
    name: 'punctual',
    description: 'The web app’s, from /auth/login; `__Host-punctual` over https.',
  });
  app.openAPIRegistry.registerPath({
    method: 'get',
    path: '/openapi.json',
    tags: ['Operation'],
    summary: 'This document',
    responses: {
      200: { description: 'OpenAPI 3.1.', content: { 'application/json': { schema: { type: 'object' } } } },
    },
  });
  let document: object | null = null;
  app.get('/openapi.json', (c) => {
    document ??= app.getOpenAPI31Document({
      openapi: '3.1.0',
      info: { title: 'Punctual', version: '1', description: 'Paid tele-therapy appointments that keep their times.' },
      servers: [{ url: '/' }],
    });
    return c.json(document);
  });
}
