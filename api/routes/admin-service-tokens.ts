import { createRoute, z } from '@hono/zod-openapi';
import { databaseNow } from '../../db/clock.js';
import {
  listServiceTokens,
  makeServiceToken,
  renewSecret,
  revokeServiceToken,
  type ServiceToken,
} from '../../db/service-tokens.js';
import { SCOPES } from '../access.js';
import { SERVICE_TOKEN_PREFIX } from '../auth.js';
import { invalid, Problem } from '../errors.js';
import { once } from '../idempotency.js';
import { isUuid } from '../ids.js';
import { idParam, instantInput, optionalKey, text } from '../inputs.js';
import { decodeCursor, pageQuery, toPage } from '../page.js';
import { changeProblems, postBodyProblems, readProblems } from '../problem-responses.js';
import { json, jsonBody, may, newRoutes } from '../routing.js';
import { id, instant, pageOf } from '../schemas.js';
import { hashOfSecret, randomSecret } from '../secrets.js';
import type { Services } from '../services.js';

const DAY_MS = 86_400_000;
const STANDARD_DAYS = 90;
const MOST_DAYS = 366;
const path = '/v1/admin/service-tokens';

const tokenSchema = z
  .object({
    id: id.openapi({ description: 'Also the actor’s, wherever it is named what the token did.' }),
    name: z.string(),
    scopes: z.array(z.string()),
    createdBy: id.nullable(),
    createdAt: instant,
    expiresAt: instant,
    lastUsedAt: instant.nullable().openapi({ description: 'To the minute.' }),
    revokedAt: instant.nullable(),
    token: z
      .string()
      .optional()
      .openapi({ description: 'The secret, in this one answer. A repeat by key gets another, the former one dies.' }),
  })
  .openapi('ServiceToken');
type TokenBody = z.infer<typeof tokenSchema>;

const tokenInput = z.object({
  name: text(100).openapi({ example: 'Practice calendar' }),
  scopes: z.array(z.enum(SCOPES)).min(1).max(SCOPES.length),
  expiresAt: instantInput
    .optional()
    .openapi({ description: `Within ${MOST_DAYS} days; in ${STANDARD_DAYS} days when left out.` }),
});

const create = createRoute({
  method: 'post',
  path,
  operationId: 'createServiceToken',
  tags: ['Administration'],
  summary: 'Make a token for another system; its secret is shown this once',
  ...may('keep_service_tokens'),
  request: { headers: optionalKey, body: jsonBody(tokenInput) },
  responses: { 201: json(tokenSchema, 'Made.'), ...postBodyProblems() },
});

const list = createRoute({
  method: 'get',
  path,
  operationId: 'listServiceTokens',
  tags: ['Administration'],
  summary: 'Service tokens, the newest first',
  ...may('keep_service_tokens'),
  request: { query: pageQuery() },
  responses: { 200: json(pageOf(tokenSchema), 'A page of tokens, without their secrets.'), ...readProblems() },
});

const revoke = createRoute({
  method: 'delete',
  path: `${path}/{id}`,
  operationId: 'revokeServiceToken',
  tags: ['Administration'],
  summary: 'Revoke a service token: at once here, in other processes within two seconds',
  ...may('keep_service_tokens'),
  request: { params: idParam },
  responses: { 204: { description: 'Revoked.' }, ...changeProblems('service_token_not_found') },
});

const isoOrNull = (at: Date | null): string | null => at?.toISOString() ?? null;

function present({ createdAt, expiresAt, lastUsedAt, revokedAt, ...token }: ServiceToken): TokenBody {
  return {
    ...token,
    createdAt: createdAt.toISOString(),
    expiresAt: expiresAt.toISOString(),
    lastUsedAt: isoOrNull(lastUsedAt),
    revokedAt: isoOrNull(revokedAt),
  };
}

const newToken = (): string => SERVICE_TOKEN_PREFIX + randomSecret();

async function expiryOf(db: Services['db'], wanted: number | undefined): Promise<Date> {
  const now = await databaseNow(db);
  const expiresAt = wanted ?? now + STANDARD_DAYS * DAY_MS;
  if (expiresAt <= now || expiresAt > now + MOST_DAYS * DAY_MS)
    throw invalid('body.expiresAt', `must lie within ${MOST_DAYS} days from now`);
  return new Date(expiresAt);
}

async function make({ db }: Services, tokenId: string, input: z.output<typeof tokenInput>, createdBy: string) {
  const { name } = input;
  const token = newToken();
  const made = await makeServiceToken(db, {
    id: tokenId,
    name,
    scopes: [...new Set(input.scopes)],
    secretHash: hashOfSecret(token),
    createdBy,
    expiresAt: await expiryOf(db, input.expiresAt),
  });
  return { status: 201 as const, body: present(made), secrets: { token } };
}

/** A repeat gets a secret of its own, unless the token was revoked since. */
async function restore({ db }: Services, tokenId: string): Promise<{ token?: string }> {
  const token = newToken();
  return (await renewSecret(db, tokenId, hashOfSecret(token))) ? { token } : {};
}

export const adminServiceTokenRoutes = (services: Services) =>
  newRoutes()
    .openapi(create, async (c) => {
      const input = c.req.valid('json');
      const { body } = await once<201, TokenBody, { token?: string }>(c, services, {
        input,
        work: ({ resourceId }) => make(services, resourceId, input, c.get('caller').id),
        restore: (stored) => restore(services, stored.id),
      });
      return c.json(body, 201);
    })
    .openapi(list, async (c) => {
      const { limit, cursor } = c.req.valid('query');
      const place = decodeCursor(cursor, z.tuple([z.int().min(0).max(8.64e15), z.uuid()]));
      const before = place === null ? null : { createdAt: new Date(place[0]), id: place[1] };
      const found = await listServiceTokens(services.db, { limit: limit + 1, before });
      return c.json(
        toPage(found, limit, (row) => [row.createdAt.getTime(), row.id], present),
        200,
      );
    })
    .openapi(revoke, async (c) => {
      const wanted = c.req.valid('param').id;
      const hash = isUuid(wanted) ? await revokeServiceToken(services.db, wanted) : null;
      if (hash === null) throw new Problem('service_token_not_found');
      services.callers.services.forget(hash);
      return c.body(null, 204);
    });
