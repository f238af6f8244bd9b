import { beforeAll, expect, test } from 'vitest';
import type { JsonSchema, OpenApiDocument, Operation } from '../api/openapi-types.js';
import { findBreaks } from './openapi-breaks.js';
import { describeApi } from './openapi-document.js';
import {
  type AcknowledgedBreak,
  BREAKS,
  CURRENT,
  fold,
  readJson,
  RELEASED,
  type Released,
  unfold,
} from './openapi-files.js';

let now: OpenApiDocument;
let released: OpenApiDocument;
let acknowledged: AcknowledgedBreak[];
beforeAll(async () => {
  now = (await describeApi()) as OpenApiDocument;
  released = unfold((await readJson<Released>(RELEASED)).document);
  acknowledged = await readJson<AcknowledgedBreak[]>(BREAKS);
});

test('nothing breaks clients of the last release, but for what is acknowledged', () => {
  const known = new Set(acknowledged.map(({ change }) => change));
  const unknown = findBreaks(released, now).filter((change) => !known.has(change));
  const advice =
    'This breaks clients of the released API. Undo it; or, if it has to be, add each sentence to ' +
    'docs/openapi-breaks.json as { "change": ..., "reason": ... } and run npm run docs. See docs/api.md, "Changing it".';
  expect(unknown, advice).toEqual([]);
});

test('what is acknowledged is broken indeed, and has a reason', () => {
  const breaks = findBreaks(released, now);
  for (const { change, reason } of acknowledged) {
    expect(breaks, 'It is no break any more: take it out of docs/openapi-breaks.json.').toContain(change);
    expect(reason.trim().length, change).toBeGreaterThan(10);
  }
});

test('docs/openapi.json is what the routes say', async () => {
  const committed = await readJson<OpenApiDocument>(CURRENT);
  const isSame = JSON.stringify(committed) === JSON.stringify(fold(now));
  expect(isSame, 'The routes have changed: run npm run docs and commit docs/openapi.json with them.').toBe(true);
});

test('folding loses nothing', () => {
  expect(unfold(fold(now))).toEqual(now);
});

type Change = (document: OpenApiDocument) => void;

const operation = (document: OpenApiDocument, where: string): Operation => {
  const [method, path] = where.split(' ') as [string, string];
  return document.paths[path]![method.toLowerCase()]!;
};
const schema = (
  document: OpenApiDocument,
  name: string,
): { properties: Record<string, JsonSchema>; required: string[] } => document.components.schemas[name] as never;
const without = (list: string[], one: string): string[] => list.filter((other) => other !== one);
const bodyOf = (document: OpenApiDocument, where: string) =>
  operation(document, where).requestBody!.content['application/json']!.schema as never as ReturnType<typeof schema>;

const BOOK = 'POST /v1/appointments';
const CANCEL = 'POST /v1/appointments/{id}/cancel';

const BREAKING: [what: string, change: Change, said: string][] = [
  ['a path that is gone', (d) => delete d.paths['/v1/earnings'], 'GET /v1/earnings: is gone'],
  ['a method that is gone', (d) => delete d.paths['/v1/me']!['patch'], 'PATCH /v1/me: is gone'],
  ['another name', (d) => (operation(d, BOOK).operationId = 'reserve'), `${BOOK}: is no longer called bookAppointment`],
  [
    'a field of an answer that is gone',
    (d) => delete schema(d, 'Appointment').properties['payBy'],
    'GET /v1/appointments/{id}, answer 200: lost the field payBy',
  ],
  [
    'the same deeper down, in a list',
    (d) =>
      delete (schema(d, 'Appointment').properties['client'] as { properties: Record<string, unknown> }).properties[
        'name'
      ],
    'GET /v1/appointments, answer 200.items[].client: lost the field name',
  ],
  [
    'a field of an answer that may be missing',
    (d) => (schema(d, 'Appointment').required = without(schema(d, 'Appointment').required, 'hold')),
    'GET /v1/appointments/{id}, answer 200: may now be without the field hold',
  ],
  [
    'a field of an answer that may be null',
    (d) => (schema(d, 'Appointment').properties['payBy'] = { type: ['string', 'null'] }),
    'GET /v1/appointments/{id}, answer 200.payBy: may now be null',
  ],
  [
    'a field of an answer with another type',
    (d) => (schema(d, 'Appointment').properties['scheduleVersion'] = { type: 'string' }),
    'GET /v1/appointments/{id}, answer 200.scheduleVersion: may now be string',
  ],
  [
    'an answer’s enum that may be anything',
    (d) => (schema(d, 'Appointment').properties['status'] = { type: 'string' }),
    'GET /v1/appointments/{id}, answer 200.status: may now have any value',
  ],
  [
    'a value that is no longer taken',
    (d) => (schema(d, 'Booking').properties['sessionMode'] = { type: 'string', enum: ['video', 'audio'] }),
    `${BOOK}, body.sessionMode: no longer takes the value "chat"`,
  ],
  [
    'a field that is now required',
    (d) => bodyOf(d, CANCEL).required.push('expectedRefundMinor'),
    `${CANCEL}, body: now requires the field expectedRefundMinor`,
  ],
  [
    'a new required field',
    (d) => {
      schema(d, 'Booking').properties['language'] = { type: 'string' };
      schema(d, 'Booking').required.push('language');
    },
    `${BOOK}, body: now requires the field language`,
  ],
  [
    'a field that is no longer taken',
    (d) => delete bodyOf(d, CANCEL).properties['refundTo'],
    `${CANCEL}, body: no longer takes the field refundTo`,
  ],
  [
    'a narrower type',
    (d) => (schema(d, 'Booking').properties['durationMinutes'] = { type: 'string' }),
    `${BOOK}, body.durationMinutes: no longer takes integer`,
  ],
  [
    'a tighter bound',
    (d) => (schema(d, 'Booking').properties['durationMinutes']!['maximum'] = 60),
    `${BOOK}, body.durationMinutes: maximum was 1440 and is 60`,
  ],
  [
    'a pattern',
    (d) => (schema(d, 'Booking').properties['therapistId']!['pattern'] = '^t'),
    `${BOOK}, body.therapistId: has to match another pattern, "^t"`,
  ],
  [
    'a parameter that is now required',
    (d) => operation(d, CANCEL).parameters!.forEach((one) => (one.required = true)),
    `${CANCEL}: now requires the header parameter idempotency-key`,
  ],
  [
    'a parameter that is gone',
    (d) => (operation(d, 'GET /v1/appointments').parameters = []),
    'GET /v1/appointments: no longer takes the query parameter status',
  ],
  [
    'a body that is gone',
    (d) => delete operation(d, BOOK).requestBody,
    `${BOOK}: no longer takes a body of application/json`,
  ],
  [
    'a status that is gone',
    (d) => delete operation(d, 'POST /v1/appointments/{id}/activate').responses['202'],
    'POST /v1/appointments/{id}/activate: no longer answers 202',
  ],
  [
    'a media type that is gone',
    (d) => delete operation(d, 'GET /v1/earnings/statements/{month}').responses['200']!.content!['text/csv'],
    'GET /v1/earnings/statements/{month}, answer 200: no longer comes as text/csv',
  ],
  [
    'a header that is gone',
    (d) => delete operation(d, 'GET /v1/therapists/me/availability').responses['200']!.headers!['etag'],
    'GET /v1/therapists/me/availability, answer 200: lost the header etag',
  ],
  [
    'credentials that are no longer taken',
    (d) => (operation(d, 'GET /v1/appointments').security = [{ bearer: [] }]),
    'GET /v1/appointments: no longer takes session as credentials',
  ],
  [
    'another scope',
    (d) =>
      (operation(d, 'GET /v1/appointments').security = [{ bearer: [] }, { session: [] }, { service: ['admin:read'] }]),
    'GET /v1/appointments: no longer takes service (appointments:read) as credentials',
  ],
  [
    'a door that was open',
    (d) => (operation(d, 'GET /healthz').security = [{ bearer: [] }]),
    'GET /healthz: now needs credentials',
  ],
  [
    'a role that may no longer',
    (d) => (operation(d, CANCEL)['x-roles'] = ['client', 'admin']),
    `${CANCEL}: is no longer for the role therapist`,
  ],
];

test.each(BREAKING)('%s is found', (_, change, said) => {
  const changed = structuredClone(now);
  change(changed);
  expect(findBreaks(now, changed)).toContain(said);
});

const HARMLESS: [what: string, change: Change][] = [
  ['a new path', (d) => (d.paths['/v1/more'] = { get: operation(d, 'GET /v1/me') })],
  ['a new field of an answer', (d) => (schema(d, 'Appointment').properties['mood'] = { type: 'string' })],
  ['a new field that may be sent', (d) => (schema(d, 'Booking').properties['note'] = { type: 'string' })],
  ['a new value of an answer', (d) => (schema(d, 'Appointment').properties['hold']!['enum'] as string[]).push('lost')],
  ['a wider bound', (d) => (schema(d, 'Booking').properties['durationMinutes']!['maximum'] = 2_000)],
  ['a field that need not be sent any more', (d) => schema(d, 'Booking').required.pop()],
  ['a new status', (d) => (operation(d, BOOK).responses['418'] = { description: 'A teapot.' })],
  ['another role', (d) => operation(d, BOOK)['x-roles']!.push('admin')],
  ['other words', (d) => (operation(d, BOOK).summary = 'Book')],
];

test.each(HARMLESS)('%s breaks nothing', (_, change) => {
  const changed = structuredClone(now);
  change(changed);
  expect(changed).not.toEqual(now);
  expect(findBreaks(now, changed)).toEqual([]);
});
