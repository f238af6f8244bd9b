import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ApiWorld, createApiWorld } from './test-world.js';

let world: ApiWorld;
beforeAll(async () => {
  world = await createApiWorld();
});
afterAll(() => world.close());

interface Operation {
  responses: Record<string, unknown>;
  security?: unknown[];
  requestBody?: { required?: boolean };
  parameters?: { name: string; in: string; required?: boolean }[];
}

async function document() {
  const { body } = await world.send(null, '/openapi.json');
  return body as {
    openapi: string;
    paths: Record<string, Record<string, Operation>>;
    components: { schemas: Record<string, object> };
  };
}

test('every route of the app is in the document, and nothing else', async () => {
  const { openapi, paths } = await document();
  const served = world.app.routes
    .filter(({ method }) => method !== 'ALL')
    .map(({ method, path }) => `${method.toLowerCase()} ${path.replaceAll(/:(\w+)/g, '{$1}')}`);
  const documented = Object.entries(paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => `${method} ${path}`),
  );
  expect(openapi).toBe('3.1.0');
  expect(documented.toSorted()).toEqual([...new Set(served)].toSorted());
  expect(documented.length).toBeGreaterThanOrEqual(34);
});

test('every reference in the document leads somewhere', async () => {
  const found = await document();
  const references = [...JSON.stringify(found).matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)].map(
    ([, name]) => name!,
  );
  expect(references.length).toBeGreaterThan(50);
  for (const name of new Set(references)) expect(found.components.schemas).toHaveProperty(name);
});

test('what is below /v1 asks for a token and promises problems; booking and payments demand a key', async () => {
  const { paths } = await document();
  for (const [path, operations] of Object.entries(paths)) {
    for (const [method, operation] of Object.entries(operations)) {
      if (!path.startsWith('/v1/') || path === '/v1/calendar/{file}') continue; // a secret of its own
      expect(operation.security, `${method} ${path}`).toEqual([{ bearer: [] }, { session: [] }]);
      expect(Object.keys(operation.responses), `${method} ${path}`).toEqual(
        expect.arrayContaining(['401', '403', '422', '503']),
      );
    }
  }
  const required = Object.entries(paths).flatMap(([path, { post }]) => {
    return post?.parameters?.some(
      ({ name, required: isRequired }) => name.toLowerCase() === 'idempotency-key' && isRequired === true,
    ) === true
      ? [path]
      : [];
  });
  expect(required.toSorted()).toEqual([
    '/v1/admin/appointments/{id}/refunds',
    '/v1/admin/payouts',
    '/v1/appointments',
    '/v1/appointments/{id}/payments',
    '/v1/wallets/{currency}/top-ups',
  ]);
});

test('the docs page is served whole from here, under a policy that lets nothing else in', async () => {
  const page = await world.send(null, '/docs');
  expect(page.status).toBe(200);
  const html = String(page.body['text']);
  const assets = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, address]) => address!);
  expect(assets).toHaveLength(4);
  for (const address of assets) expect((await world.send(null, address)).status, address).toBe(200);
  expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
  expect(page.headers.get('content-security-policy')).toContain("script-src 'self'");
  expect((await world.send(null, '/docs/package.json')).status).toBe(404);
});
