import type { OpenAPIHono } from '@hono/zod-openapi';
import { addExamples } from './examples/add.js';
import { COOKIE_NOTE, SECURITY_SCHEMES } from './openapi-security.js';
import { eachOperation, type OpenApiDocument } from './openapi-types.js';
import { problemsOf } from './problem-responses.js';
import type { ApiEnv } from './services.js';

const INFO = {
  title: 'Punctual',
  version: '1',
  description: `Paid tele-therapy appointments that keep their times.

JSON in camelCase; instants are RFC 3339 in UTC; money is integer \`amountMinor\` with an ISO 4217 \`currency\`; ids are opaque.

**Errors** are RFC 9457 \`application/problem+json\` with a stable \`code\` and a \`remedy\`. Each response lists every code that its route can answer with; a 500 is a bug of ours.

**Every POST** takes \`Idempotency-Key\`: the same key and body get the first answer again for 24 h.

**Lists** take \`limit\` and \`cursor\` and answer with \`items\` and \`nextCursor\`, which is null at the end.

${COOKIE_NOTE}`,
};

const TAGS = [
  ['People', 'Who you are, your settings, your messages.'],
  ['Therapists', 'Whom one can book, and when.'],
  ['Appointments', 'Bookings and what became of them.'],
  ['Payments', 'Paying for an appointment: by wallet, Stripe or Razorpay.'],
  ['Sessions', 'Joining, leaving and ending.'],
  ['Changes of plan', 'Cancelling, moving, extending.'],
  ['Live updates', 'Server-sent events.'],
  ['Calendar', 'RFC 5545 entries and feeds.'],
  ['Money', 'Wallets and earnings.'],
  ['Administration', 'For admins and service tokens.'],
  ['Sign-in', 'The web app’s session, by OpenID Connect.'],
  ['Webhooks', 'What providers tell us, each by its own signature.'],
  ['Operation', 'Health and this document.'],
] as const;

const OF_ROLE: Record<string, string> = { client: 'clients', therapist: 'therapists', admin: 'admins' };

/** Says in words who may: readers look there, not at `security`. */
function describeAccess(document: OpenApiDocument): void {
  for (const { operation } of eachOperation(document)) {
    const roles = operation['x-roles'];
    if (roles === undefined) continue;
    const service = operation.security?.find((one) => 'service' in one)?.['service'];
    const scope = service?.[0] === undefined ? 'any scope' : `the scope \`${service[0]}\``;
    const people = `For ${roles.map((role) => OF_ROLE[role]).join(', ')}`;
    const access = `${people}${service === undefined ? '' : `; service tokens need ${scope}`}.`;
    operation.description = operation.description === undefined ? access : `${operation.description}\n\n${access}`;
  }
}

const capital = (word: string): string => word[0]!.toUpperCase() + word.slice(1);

/** Generated clients name their methods by it: an operation without one gets what its place says. */
function nameOperations(document: OpenApiDocument): void {
  for (const { path, method, operation } of eachOperation(document)) {
    const words = path.match(/[A-Za-z0-9]+/g) ?? [];
    operation.operationId ??=
      method +
      words
        .filter((word) => word !== 'v1')
        .map(capital)
        .join('');
  }
}

function buildDocument(app: OpenAPIHono<ApiEnv>): OpenApiDocument {
  const document = app.getOpenAPI31Document({
    openapi: '3.1.0',
    info: INFO,
    servers: [{ url: '/' }],
    tags: TAGS.map(([name, description]) => ({ name, description })),
  }) as unknown as OpenApiDocument;
  document.components.securitySchemes = SECURITY_SCHEMES;
  nameOperations(document);
  describeAccess(document);
  addExamples(document);
  return document;
}

/** The OpenAPI 3.1 document of every route, generated from the schemas that validate them. */
export function addDocument(app: OpenAPIHono<ApiEnv>): void {
  app.openAPIRegistry.registerPath({
    method: 'get',
    path: '/openapi.json',
    operationId: 'getOpenApiDocument',
    tags: ['Operation'],
    summary: 'This document',
    responses: {
      200: { description: 'OpenAPI 3.1.', content: { 'application/json': { schema: { type: 'object' } } } },
      ...problemsOf('too_many_requests'),
    },
  });
  let document: OpenApiDocument | null = null;
  app.get('/openapi.json', (c) => c.json((document ??= buildDocument(app))));
}
