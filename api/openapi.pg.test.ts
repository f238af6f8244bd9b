import { afterAll, beforeAll, expect, test } from 'vitest';
import { codesOf, eachOperation, type OpenApiDocument, type Operation } from './openapi-types.js';
import { type ApiWorld, createApiWorld } from './test-world.js';

let world: ApiWorld;
beforeAll(async () => {
  world = await createApiWorld();
});
afterAll(() => world.close());

async function document(): Promise<OpenApiDocument> {
  const { body } = await world.send(null, '/openapi.json');
  return body as unknown as OpenApiDocument;
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

/** Signed-in routes: what is below /v1, but for the feed, whose secret is in its address. */
const signedIn = async () =>
  eachOperation(await document()).filter(({ path }) => path.startsWith('/v1/') && path !== '/v1/calendar/{file}');

const headersOf = ({ parameters = [] }: Operation) => parameters.filter((one) => one.in === 'header');
const keyOf = (operation: Operation) => headersOf(operation).find(({ name }) => name === 'idempotency-key');

test('what is below /v1 says by what one signs in, for whom it is, and with what it refuses', async () => {
  for (const { path, method, operation } of await signedIn()) {
    const where = `${method} ${path}`;
    expect(operation.security, where).toEqual(expect.arrayContaining([{ bearer: [] }, { session: [] }]));
    expect(operation['x-roles']?.length, where).toBeGreaterThan(0);
    const listed = Object.values(operation.responses).flatMap(codesOf);
    const everywhere = ['token_missing', 'token_invalid', 'token_expired', 'session_over', 'forbidden', 'overloaded'];
    expect(listed, where).toEqual(
      expect.arrayContaining([...everywhere, 'invalid_request', 'too_many_requests', 'database_unavailable']),
    );
    const change = method === 'get' ? [] : ['cross_site_request', 'body_too_large'];
    expect(listed, where).toEqual(expect.arrayContaining(change));
  }
});

test('every operation has an id of its own, a summary, and a tag that the document describes', async () => {
  const found = await document();
  const all = eachOperation(found);
  const ids = all.map(({ operation }) => operation.operationId);
  expect(ids.filter((id) => !/^[a-z][A-Za-z]+$/.test(id ?? ''))).toEqual([]);
  expect(new Set(ids).size).toBe(ids.length);
  const tags = (found as unknown as { tags: { name: string }[] }).tags.map(({ name }) => name);
  for (const { operation } of all) {
    expect(tags).toEqual(expect.arrayContaining(operation.tags));
    expect(operation.summary).not.toBe('');
  }
});

/** What is erased stays so: a repeat finds it done, and no key is kept of whom nothing is to be left. */
const KEEPS_NO_KEY = ['/v1/me/erasure', '/v1/admin/people/{id}/erasure'];

test('every POST of ours takes an Idempotency-Key; booking and what moves money demand it', async () => {
  const posts = (await signedIn()).filter(({ method }) => method === 'post');
  for (const { path, operation } of posts) {
    expect(keyOf(operation), path).toBeDefined();
    const codes = Object.values(operation.responses).flatMap(codesOf);
    const ofKeys = KEEPS_NO_KEY.includes(path) ? [] : ['idempotency_key_reused', 'request_in_progress'];
    expect(codes, path).toEqual(expect.arrayContaining(ofKeys));
    expect(codes.includes('idempotency_key_required'), path).toBe(keyOf(operation)!.required === true);
  }
  const required = posts.filter(({ operation }) => keyOf(operation)!.required === true).map(({ path }) => path);
  expect(required.toSorted()).toEqual([
    '/v1/admin/appointments/{id}/refunds',
    '/v1/admin/payouts',
    '/v1/appointments',
    '/v1/appointments/{id}/payments',
    '/v1/wallets/{currency}/top-ups',
  ]);
});

/** Short for good: all wallets (one a currency), all open sessions of a person, all messages of one appointment. */
const WHOLE_LISTS = ['/v1/wallets', '/v1/me/sessions', '/v1/admin/appointments/{id}/notifications'];

test('every list takes limit and cursor and says where it goes on', async () => {
  let lists = 0;
  for (const { path, method, operation } of await signedIn()) {
    if (method !== 'get' || !/"nextCursor"/.test(await schemaText(operation))) continue;
    lists += 1;
    const query = (operation.parameters ?? []).filter((one) => one.in === 'query').map(({ name }) => name);
    if (!WHOLE_LISTS.includes(path)) expect(query, path).toEqual(expect.arrayContaining(['limit', 'cursor']));
  }
  expect(lists).toBeGreaterThan(12);
});

/** The schema of the good answer, with the first component it names. */
async function schemaText({ responses }: Operation): Promise<string> {
  const schema = responses['200']?.content?.['application/json']?.schema ?? {};
  const name = ((schema['$ref'] ?? '') as string).split('/').at(-1)!;
  return JSON.stringify([schema, (await document()).components.schemas[name]]);
}

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
