import type { Role } from '../domain/types.js';
import type { Scope } from './access.js';
import type { ObjectName } from './test-access-objects.js';

/**
 * Who gets how far at every route of the OpenAPI document; api/access.pg.test.ts asks each of them and compares.
 *
 * A new route needs a row, `'METHOD /path as in the document': { ... }`:
 *   - `client`, `therapist`, `admin`: what somebody of the role meets. Left out: 403, the role may never use the route.
 *   - `scope`: by which scope a service token meets what an admin does; without it 403. `'any'`: every token. Null: none.
 *   - `open: true` instead: everybody, also without a token (webhooks, health, docs).
 *   - `object`: what the path's id names (api/test-access-objects.ts makes one for a role). The roles then have three verdicts:
 *     for one's own, for somebody else's, for one that isn't there. Without it a path's id names nothing.
 *   - `send`: the body, which must be valid where there is an `object`: a 422 would hide the verdict. `query`, likewise.
 *
 * A verdict is `IN` (let in, whatever the answer then says of the request itself), 403 or 404.
 */
export type Verdict = 'in' | 403 | 404;
export type Cell = Verdict | readonly [own: Verdict, other: Verdict, absent: Verdict];

export type Row =
  | { open: true; send?: unknown; query?: string }
  | (Partial<Record<Role, Cell>> & {
      scope: Scope | 'any' | null;
      object?: ObjectName;
      send?: unknown;
      query?: string;
    });

const IN = 'in';
const OWN = [IN, 404, 404] as const;
const ANY = [IN, IN, 404] as const;
const ALL = { client: IN, therapist: IN, admin: IN } as const;
const PARTIES = { object: 'appointment', client: OWN, therapist: OWN } as const;
const OF_CLIENT = { object: 'appointment', client: OWN } as const;
const reason = 'Because.';
const soon = () => new Date(Date.now() + 48 * 3_600_000).toISOString();

export const TABLE: Record<string, Row> = {
  'GET /v1/me': { ...ALL, scope: 'any' },
  'PATCH /v1/me': { ...ALL, scope: null },
  'POST /v1/me/export': { ...ALL, scope: null },
  // Who names another id than their own erases nobody.
  'POST /v1/me/erasure': { ...ALL, scope: null, send: { id: 'somebody-else' } },
  'GET /v1/me/sessions': { ...ALL, scope: 'any' },
  'DELETE /v1/me/sessions/{id}': { object: 'session', client: OWN, therapist: OWN, admin: OWN, scope: null },

  'GET /v1/therapists': { ...ALL, scope: 'appointments:read' },
  'GET /v1/therapists/{id}': {
    object: 'therapist',
    client: ANY,
    therapist: ANY,
    admin: ANY,
    scope: 'appointments:read',
  },
  'GET /v1/therapists/{id}/slots': {
    object: 'therapist',
    client: ANY,
    therapist: ANY,
    admin: ANY,
    scope: 'appointments:read',
    query: `?from=${soon()}&to=${new Date(Date.now() + 72 * 3_600_000).toISOString()}&durationMinutes=60`,
  },
  'GET /v1/therapists/me/availability': { therapist: IN, scope: null },
  'PUT /v1/therapists/me/availability': { therapist: IN, scope: null },

  'POST /v1/appointments': { client: IN, scope: null },
  'GET /v1/appointments': { ...ALL, scope: 'appointments:read' },
  'GET /v1/appointments/{id}': { ...PARTIES, admin: ANY, scope: 'appointments:read' },
  'GET /v1/appointments/{id}/join': { ...PARTIES, admin: ANY, scope: 'appointments:read' },
  'POST /v1/appointments/{id}/join': { ...PARTIES, scope: null },
  'POST /v1/appointments/{id}/leave': { ...PARTIES, scope: null },
  'POST /v1/appointments/{id}/end': { ...PARTIES, scope: null },
  'GET /v1/appointments/{id}/timeline': { ...PARTIES, admin: ANY, scope: 'appointments:read' },
  'GET /v1/appointments/{id}/live': { ...PARTIES, admin: ANY, scope: 'appointments:read' },
  'GET /v1/appointments/{id}/cancellation-quote': { ...PARTIES, admin: ANY, scope: 'appointments:read' },
  'POST /v1/appointments/{id}/cancel': { ...PARTIES, admin: ANY, scope: 'appointments:write', send: { reason } },
  'POST /v1/appointments/{id}/reschedule': {
    ...OF_CLIENT,
    admin: ANY,
    scope: 'appointments:write',
    send: { startsAt: soon() },
  },
  'POST /v1/appointments/{id}/extend': {
    object: 'appointment',
    therapist: OWN,
    admin: ANY,
    scope: 'appointments:write',
    send: { minutes: 5 },
  },
  'POST /v1/appointments/{id}/review': { ...OF_CLIENT, scope: null, send: { rating: 5 } },
  'POST /v1/appointments/{id}/activate': { object: 'appointment', admin: ANY, scope: 'appointments:write' },
  // What is not there is an answer of its own for that id.
  'POST /v1/admin/activations': { admin: IN, scope: 'appointments:write', send: { appointmentIds: ['none'] } },
  'POST /v1/appointments/{id}/deactivate': {
    object: 'appointment',
    admin: ANY,
    scope: 'appointments:write',
    send: { reason },
  },
  'POST /v1/appointments/{id}/force-confirm': {
    object: 'appointment',
    admin: ANY,
    scope: 'appointments:write',
    send: { reason },
  },

  'POST /v1/appointments/{id}/payments': { ...OF_CLIENT, scope: null, send: { method: 'wallet' } },
  'GET /v1/appointments/{id}/payments/current': { ...OF_CLIENT, scope: null },
  'POST /v1/appointments/{id}/payments/razorpay/verify': {
    ...OF_CLIENT,
    scope: null,
    send: { orderId: 'o', paymentId: 'p', signature: 's' },
  },
  'GET /v1/wallets': { client: IN, scope: null },
  'GET /v1/wallets/{currency}/transactions': { client: 404, scope: null },
  'POST /v1/wallets/{currency}/top-ups': { client: 404, scope: null, send: { method: 'stripe', amountMinor: 1_000 } },
  'GET /v1/earnings': { therapist: IN, scope: null },
  'GET /v1/earnings/statements/{month}': { therapist: IN, scope: null },
  'GET /v1/notifications': { ...ALL, scope: null },
  'POST /v1/notifications/{id}/read': { object: 'notification', client: OWN, therapist: OWN, admin: OWN, scope: null },
  'GET /v1/admin/appointments/{id}/notifications': { object: 'appointment', admin: ANY, scope: 'admin:read' },
  'POST /v1/admin/appointments/{id}/notifications/resend': {
    object: 'appointment',
    admin: ANY,
    scope: 'admin:write',
    send: { notificationId: 'none' },
  },
  'GET /v1/events': { ...ALL, scope: 'appointments:read' },
  'GET /v1/appointments/{id}/events': { ...PARTIES, admin: ANY, scope: 'appointments:read' },
  'POST /v1/events/tickets': { ...ALL, scope: 'appointments:read' },
  'GET /v1/appointments/{id}/calendar.ics': { ...PARTIES, scope: null },
  'POST /v1/me/calendar-feed': { ...ALL, scope: null },
  'DELETE /v1/me/calendar-feed': { ...ALL, scope: null },
  'GET /v1/calendar/{file}': { open: true },
  'POST /v1/me/phone': { ...ALL, scope: null, send: { phone: '+15005550010' } },
  'POST /v1/me/phone/verify': { ...ALL, scope: null, send: { code: '000000' } },

  'POST /v1/admin/appointments/{id}/repair': { object: 'appointment', admin: ANY, scope: 'admin:write' },
  'POST /v1/admin/appointments/{id}/refunds': {
    object: 'appointment',
    admin: ANY,
    scope: 'money:write',
    send: { reason },
  },
  'GET /v1/admin/appointments/{id}/ledger': { object: 'appointment', admin: ANY, scope: 'money:read' },
  'GET /v1/admin/attention': { admin: IN, scope: 'admin:read' },
  'GET /v1/admin/disputes': { admin: IN, scope: 'money:read' },
  'POST /v1/admin/disputes/{id}/reverse-earnings': { admin: 404, scope: 'money:write', send: { reason } },
  'POST /v1/admin/people/{id}/export': { admin: 404, scope: null },
  'POST /v1/admin/people/{id}/erasure': { admin: 404, scope: null },
  'GET /v1/admin/audit': { admin: IN, scope: 'admin:read' },
  'GET /v1/admin/ledger/check': { admin: IN, scope: 'money:read' },
  'POST /v1/admin/payouts': { admin: IN, scope: 'money:write' },
  'GET /v1/admin/payouts': { admin: IN, scope: 'money:read' },
  'GET /v1/admin/payouts/{batchId}': { admin: 404, scope: 'money:read' },
  'POST /v1/admin/service-tokens': { admin: IN, scope: null },
  'GET /v1/admin/service-tokens': { admin: IN, scope: null },
  'DELETE /v1/admin/service-tokens/{id}': { object: 'service_token', admin: ANY, scope: null },

  'POST /v1/admin/webhook-endpoints': { admin: IN, scope: null, send: { url: 'https://hooks.example.com/' } },
  'GET /v1/admin/webhook-endpoints': { admin: IN, scope: null },
  'GET /v1/admin/webhook-endpoints/{id}': { admin: 404, scope: null },
  'DELETE /v1/admin/webhook-endpoints/{id}': { admin: 404, scope: null },
  'POST /v1/admin/webhook-endpoints/{id}/rotate-secret': { admin: 404, scope: null },
  'POST /v1/admin/webhook-endpoints/{id}/enable': { admin: 404, scope: null },
  'GET /v1/admin/webhook-endpoints/{id}/deliveries': { admin: 404, scope: null },
  'POST /v1/admin/webhook-deliveries/{id}/resend': { admin: 404, scope: null },

  'GET /auth/login': { open: true },
  'GET /auth/callback': { open: true },
  'POST /auth/logout': { open: true },
  'POST /webhooks/stripe': { open: true },
  'POST /webhooks/razorpay': { open: true },
  'POST /webhooks/twilio/video': { open: true },
  'POST /webhooks/twilio/messages': { open: true },
  'GET /healthz': { open: true },
  'GET /metrics': { open: true },
  'GET /readyz': { open: true },
  'GET /openapi.json': { open: true },
  'GET /docs': { open: true },
  'GET /docs/{file}': { open: true },
};
