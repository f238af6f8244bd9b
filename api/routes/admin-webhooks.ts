import { randomBytes } from 'node:crypto';
import { createRoute, z } from '@hono/zod-openapi';
import { listDeliveries, readDelivery, resendDelivery, type WebhookDelivery } from '../../db/webhook-deliveries.js';
import {
  deleteEndpoint,
  enableEndpoint,
  listEndpoints,
  makeEndpoint,
  readEndpoint,
  rotateSecret,
  secretOf,
  type WebhookEndpoint,
} from '../../db/webhook-endpoints.js';
import { invalid, Problem } from '../errors.js';
import { once } from '../idempotency.js';
import { isUuid } from '../ids.js';
import { idParam, optionalKey } from '../inputs.js';
import { decodeCursor, pageQuery, toPage } from '../page.js';
import { changeProblems, postBodyProblems, postProblems, readProblems } from '../problem-responses.js';
import { json, jsonBody, may, newRoutes } from '../routing.js';
import { pageOf } from '../schemas.js';
import type { Services } from '../services.js';
import { deliverySchema, endpointInput, endpointSchema, presentDelivery, presentEndpoint } from '../webhooks-view.js';

const path = '/v1/admin/webhook-endpoints';
const shared = { tags: ['Administration'], ...may('keep_webhooks') };
const change = { ...shared, method: 'post' as const, request: { params: idParam, headers: optionalKey } };

const create = createRoute({
  ...shared,
  method: 'post',
  path,
  operationId: 'createWebhookEndpoint',
  summary: 'Have events sent to an address; the secret that signs them is shown this once',
  request: { headers: optionalKey, body: jsonBody(endpointInput) },
  responses: {
    201: json(endpointSchema, 'Made. Another address is another endpoint.'),
    ...postBodyProblems('too_many_endpoints'),
  },
});
const list = createRoute({
  ...shared,
  method: 'get',
  path,
  operationId: 'listWebhookEndpoints',
  summary: 'Webhook endpoints, the newest first',
  request: { query: pageQuery() },
  responses: { 200: json(pageOf(endpointSchema), 'A page of endpoints, without their secrets.'), ...readProblems() },
});
const show = createRoute({
  ...shared,
  method: 'get',
  path: `${path}/{id}`,
  operationId: 'getWebhookEndpoint',
  summary: 'One webhook endpoint',
  request: { params: idParam },
  responses: { 200: json(endpointSchema, 'The endpoint, without its secret.'), ...readProblems('not_found') },
});
const remove = createRoute({
  ...shared,
  method: 'delete',
  path: `${path}/{id}`,
  operationId: 'deleteWebhookEndpoint',
  summary: 'Send nothing there any more',
  request: { params: idParam },
  responses: { 204: { description: 'Deleted.' }, ...changeProblems('not_found') },
});
const rotate = createRoute({
  ...change,
  path: `${path}/{id}/rotate-secret`,
  operationId: 'rotateWebhookSecret',
  summary: 'Sign with a new secret, shown this once; the old one signs too for 24 h',
  responses: { 200: json(endpointSchema, 'With the new secret.'), ...postProblems('not_found') },
});
const enable = createRoute({
  ...change,
  path: `${path}/{id}/enable`,
  operationId: 'enableWebhookEndpoint',
  summary: 'Send there again after it was given up',
  description: 'From the next event on. What was skipped meanwhile can be sent again one by one.',
  responses: { 200: json(endpointSchema, 'Enabled.'), ...postProblems('not_found') },
});
const deliveries = createRoute({
  ...shared,
  method: 'get',
  path: `${path}/{id}/deliveries`,
  operationId: 'listWebhookDeliveries',
  summary: 'What was sent there, and how it was answered; the newest first, kept for 30 days',
  request: {
    params: idParam,
    query: pageQuery().extend({ status: z.enum(['pending', 'delivered', 'failed', 'skipped']).optional() }),
  },
  responses: { 200: json(pageOf(deliverySchema), 'A page of deliveries.'), ...readProblems('not_found') },
});
const resend = createRoute({
  ...change,
  path: '/v1/admin/webhook-deliveries/{id}/resend',
  operationId: 'resendWebhookDelivery',
  summary: 'Send one message again, under the same webhook-id',
  responses: { 202: json(deliverySchema, 'It goes out now.'), ...postProblems('not_found', 'endpoint_disabled') },
});

const newSecret = (): string => `whsec_${randomBytes(32).toString('base64')}`;

async function endpointOf({ db }: Services, id: string): Promise<WebhookEndpoint> {
  const found = isUuid(id) ? await readEndpoint(db, id) : null;
  if (found === null) throw new Problem('not_found');
  return found;
}

type EndpointInput = z.output<typeof endpointInput>;

async function make({ db, providers }: Services, id: string, input: EndpointInput, createdBy: string): Promise<void> {
  const objection = providers.webhooks.objection(input.url);
  if (objection !== null) throw invalid('body.url', objection);
  const { url, types, description = null } = input;
  const isMade = await makeEndpoint(db, { id, url, types, description, secret: newSecret(), createdBy });
  if (!isMade) throw new Problem('too_many_endpoints');
}

async function deliveryOf({ db }: Services, id: string): Promise<WebhookDelivery> {
  const found = isUuid(id) ? await readDelivery(db, id) : null;
  if (found === null) throw new Problem('not_found');
  if (found.endpointStatus === 'disabled') throw new Problem('endpoint_disabled');
  return found;
}

/** An endpoint as the answer that may show its secret, which is stored with no answer. */
const withSecret = (services: Services, id: string) => {
  const secrets = async () => ({ secret: secretOf(services.db, await endpointOf(services, id)) });
  return { body: async () => presentEndpoint(await endpointOf(services, id)), secrets };
};

const endpointPlace = z.tuple([z.int().min(0).max(8.64e15), z.uuid()]);

const endpointRoutes = (services: Services) =>
  newRoutes()
    .openapi(create, async (c) => {
      const input = c.req.valid('json');
      const { body } = await once(c, services, {
        input,
        work: async ({ resourceId }) => {
          await make(services, resourceId, input, c.get('caller').id);
          const shown = withSecret(services, resourceId);
          return { status: 201, body: await shown.body(), secrets: await shown.secrets() };
        },
        restore: (_, { resourceId }) => withSecret(services, resourceId).secrets(),
      });
      return c.json(body, 201);
    })
    .openapi(list, async (c) => {
      const { limit, cursor } = c.req.valid('query');
      const [createdAtMs, id] = decodeCursor(cursor, endpointPlace) ?? [];
      const before = createdAtMs === undefined || id === undefined ? null : { createdAtMs, id };
      const found = await listEndpoints(services.db, { limit: limit + 1, before });
      return c.json(
        toPage(found, limit, (row) => [row.createdAt.getTime(), row.id], presentEndpoint),
        200,
      );
    })
    .openapi(show, async (c) => c.json(presentEndpoint(await endpointOf(services, c.req.valid('param').id)), 200))
    .openapi(remove, async (c) => {
      const { id } = await endpointOf(services, c.req.valid('param').id);
      await deleteEndpoint(services.db, id);
      return c.body(null, 204);
    });

export const adminWebhookRoutes = (services: Services) =>
  endpointRoutes(services)
    .openapi(rotate, async (c) => {
      const { id } = await endpointOf(services, c.req.valid('param').id);
      const { body } = await once(c, services, {
        input: {},
        minted: false,
        work: async () => {
          await rotateSecret(services.db, id, newSecret());
          const shown = withSecret(services, id);
          return { status: 200, body: await shown.body(), secrets: await shown.secrets() };
        },
        restore: () => withSecret(services, id).secrets(),
      });
      return c.json(body, 200);
    })
    .openapi(enable, async (c) => {
      const { id } = await endpointOf(services, c.req.valid('param').id);
      const { body } = await once(c, services, {
        input: {},
        minted: false,
        work: async () => {
          await enableEndpoint(services.db, id);
          return { status: 200, body: presentEndpoint(await endpointOf(services, id)) };
        },
      });
      return c.json(body, 200);
    })
    .openapi(deliveries, async (c) => {
      const { id } = await endpointOf(services, c.req.valid('param').id);
      const { limit, cursor, status = null } = c.req.valid('query');
      const [before] = decodeCursor(cursor, z.tuple([z.uuid()])) ?? [null];
      const found = await listDeliveries(services.db, id, { limit: limit + 1, before, status });
      return c.json(
        toPage(found, limit, (row) => [row.id], presentDelivery),
        200,
      );
    })
    .openapi(resend, async (c) => {
      const { id } = await deliveryOf(services, c.req.valid('param').id);
      const { body } = await once(c, services, {
        input: {},
        minted: false,
        work: async () => {
          await resendDelivery(services.db, id);
          return { status: 202, body: presentDelivery(await deliveryOf(services, id)) };
        },
      });
      return c.json(body, 202);
    });
