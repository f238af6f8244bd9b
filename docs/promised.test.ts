import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';

/** What front ends were promised before a route existed: the contract's routes, and who may use each. */
const EVERYBODY = ['client', 'therapist', 'admin'];
const [CLIENT, THERAPIST, ADMIN] = [['client'], ['therapist'], ['admin']];
const OF = '/v1/appointments/{id}';
const PROMISED: [route: string, roles: string[] | null][] = [
  ['GET /v1/me', EVERYBODY],
  ['PATCH /v1/me', EVERYBODY],
  ['GET /v1/therapists', EVERYBODY],
  ['GET /v1/therapists/{id}', EVERYBODY],
  ['GET /v1/therapists/{id}/slots', EVERYBODY],
  ['POST /v1/appointments', CLIENT],
  ['GET /v1/appointments', EVERYBODY],
  [`GET ${OF}`, EVERYBODY],
  [`POST ${OF}/payments`, CLIENT],
  [`GET ${OF}/payments/current`, CLIENT],
  [`POST ${OF}/payments/razorpay/verify`, CLIENT],
  [`POST ${OF}/activate`, ADMIN],
  [`POST ${OF}/deactivate`, ADMIN],
  [`POST ${OF}/force-confirm`, ADMIN],
  [`GET ${OF}/join`, EVERYBODY],
  [`POST ${OF}/join`, ['client', 'therapist']],
  [`POST ${OF}/leave`, ['client', 'therapist']],
  [`POST ${OF}/end`, ['client', 'therapist']],
  [`GET ${OF}/cancellation-quote`, EVERYBODY],
  [`POST ${OF}/cancel`, EVERYBODY],
  [`POST ${OF}/reschedule`, ['client', 'admin']],
  [`POST ${OF}/extend`, ['therapist', 'admin']],
  [`POST ${OF}/review`, CLIENT],
  [`GET ${OF}/timeline`, EVERYBODY],
  [`GET ${OF}/live`, EVERYBODY],
  [`GET ${OF}/calendar.ics`, ['client', 'therapist']],
  ['GET /v1/events', EVERYBODY],
  [`GET ${OF}/events`, EVERYBODY],
  ['POST /v1/events/tickets', EVERYBODY],
  ['GET /v1/wallets', CLIENT],
  ['GET /v1/wallets/{currency}/transactions', CLIENT],
  ['POST /v1/wallets/{currency}/top-ups', CLIENT],
  ['GET /v1/earnings', THERAPIST],
  ['GET /v1/therapists/me/availability', THERAPIST],
  ['PUT /v1/therapists/me/availability', THERAPIST],
  ['GET /v1/notifications', EVERYBODY],
  ['POST /v1/notifications/{id}/read', EVERYBODY],
  ['POST /v1/me/calendar-feed', EVERYBODY],
  ['GET /v1/calendar/{file}', null],
  ['POST /v1/me/export', EVERYBODY],
  ['POST /v1/me/erasure', EVERYBODY],
  ['POST /v1/admin/activations', ADMIN],
  ['POST /v1/admin/appointments/{id}/refunds', ADMIN],
  ['POST /v1/admin/appointments/{id}/notifications/resend', ADMIN],
  ['GET /v1/admin/audit', ADMIN],
  ['GET /v1/admin/ledger/check', ADMIN],
  ['GET /v1/admin/attention', ADMIN],
  ['GET /v1/admin/webhook-endpoints', ADMIN],
  ['POST /v1/admin/webhook-endpoints', ADMIN],
  ['DELETE /v1/admin/webhook-endpoints/{id}', ADMIN],
  ['GET /v1/admin/webhook-endpoints/{id}/deliveries', ADMIN],
  ['POST /webhooks/stripe', null],
  ['POST /webhooks/razorpay', null],
  ['POST /webhooks/twilio/video', null],
  ['POST /webhooks/twilio/messages', null],
  ['GET /healthz', null],
  ['GET /readyz', null],
  ['GET /metrics', null],
  ['GET /openapi.json', null],
  ['GET /docs', null],
];

type Document = { paths: Record<string, Record<string, { 'x-roles'?: string[] }>> };
const { paths } = JSON.parse(await readFile(new URL('openapi.json', import.meta.url), 'utf8')) as Document;

test.each(PROMISED)('%s is there for who was promised it', (route, roles) => {
  const [method, path] = route.split(' ') as [string, string];
  const operation = paths[path]?.[method.toLowerCase()];
  expect(operation, route).toBeDefined();
  expect(operation!['x-roles'] ?? null).toEqual(roles);
});

test('every POST below /v1 takes an Idempotency-Key', () => {
  type Parameters = { parameters?: { name: string }[] };
  const without = Object.entries(paths)
    .filter(([path, { post }]) => path.startsWith('/v1/') && post !== undefined)
    .filter(([, { post }]) => !(post as Parameters).parameters?.some(({ name }) => name === 'idempotency-key'));
  expect(without).toEqual([]);
});
