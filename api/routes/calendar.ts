import { createRoute, z } from '@hono/zod-openapi';
import { endFeed, readFeed, renewFeed, type FeedEntry } from '../../db/calendar-feeds.js';
import { advance } from '../../domain/advance.js';
import { entryStateOf } from '../../domain/calendar-state.js';
import { FEED_REFRESH_SECONDS, writeCalendar, type Entry } from '../../texts/calendar.js';
import { answerCalendar, CALENDAR } from '../calendar-answer.js';
import { Problem } from '../errors.js';
import { once } from '../idempotency.js';
import { idParam, optionalKey } from '../inputs.js';
import { changeProblems, postProblems, problemsOf, readProblems } from '../problem-responses.js';
import { json, may, newRoutes } from '../routing.js';
import { instant } from '../schemas.js';
import { hashOfSecret, randomSecret } from '../secrets.js';
import type { Services } from '../services.js';
import { visibleAppointment } from '../visible.js';

/** Calendar apps ask every few minutes, some every minute: what they have is good for this long. */
const FEED_MAX_AGE_SECONDS = 300;

const ics = {
  200: {
    description: 'RFC 5545: brand, time and a sign-in link, marked private.',
    headers: { etag: { schema: { type: 'string' as const } } },
    content: { [CALENDAR]: { schema: z.string() } },
  },
  304: { description: 'As the entity tag in If-None-Match says.' },
};
const condition = z.object({ 'if-none-match': z.string().max(1_000).optional() });

const one = createRoute({
  method: 'get',
  path: '/v1/appointments/{id}/calendar.ics',
  operationId: 'getAppointmentCalendar',
  tags: ['Calendar'],
  summary: 'Your appointment as a calendar entry',
  description: 'Its UID stays, SEQUENCE grows with every change, STATUS says when it won’t take place.',
  ...may('download_calendar'),
  request: { params: idParam, headers: condition },
  responses: { ...ics, ...readProblems('unknown_appointment') },
});

const renew = createRoute({
  method: 'post',
  path: '/v1/me/calendar-feed',
  operationId: 'renewCalendarFeed',
  tags: ['Calendar'],
  summary: 'A new secret link to your calendar; the one before leads nowhere from then on',
  description: 'Whoever has the link sees when your appointments are. It is shown this once: a repeat makes another.',
  ...may('keep_feed'),
  request: { headers: optionalKey },
  responses: {
    201: json(z.object({ url: z.string(), createdAt: instant }).openapi('CalendarFeed'), 'The link.'),
    ...postProblems(),
  },
});

const end = createRoute({
  method: 'delete',
  path: '/v1/me/calendar-feed',
  operationId: 'endCalendarFeed',
  tags: ['Calendar'],
  summary: 'Take the link away',
  ...may('keep_feed'),
  responses: { 204: { description: 'There is none now.' }, ...changeProblems() },
});

const feed = createRoute({
  method: 'get',
  path: '/v1/calendar/{file}',
  operationId: 'getCalendarFeed',
  tags: ['Calendar'],
  summary: 'A person’s calendar, by its secret link',
  description: 'For calendar apps, which sign in nowhere: `file` is the secret and `.ics`.',
  request: { params: z.object({ file: z.string() }), headers: condition },
  responses: {
    ...ics,
    ...problemsOf('calendar_not_found', 'invalid_request', 'too_many_requests', 'database_unavailable', 'overloaded'),
  },
});

const FILE = /^([\w-]{43})\.ics$/;

function toEntry({ id, startsAt, endsAt, version, updatedAt, ...record }: FeedEntry): Entry {
  const state = entryStateOf({
    status: record.status,
    activatedAt: record.activatedAt === null ? null : record.activatedAt.getTime(),
  });
  return {
    id,
    startsAt: startsAt.getTime(),
    endsAt: endsAt.getTime(),
    sequence: version,
    updatedAt: updatedAt.getTime(),
    state,
  };
}

/** The feed itself: its secret is all there is, so it stands before the authentication. */
export const calendarFeedRoutes = ({ db, config }: Services) =>
  newRoutes().openapi(feed, async (c) => {
    const secret = FILE.exec(c.req.valid('param').file)?.[1];
    const found = secret === undefined ? null : await readFeed(db, hashOfSecret(secret));
    if (found === null) throw new Problem('calendar_not_found');
    const text = writeCalendar(config.site, found.entries.map(toEntry), found.locale, FEED_REFRESH_SECONDS);
    return answerCalendar(c, text, { maxAgeSeconds: FEED_MAX_AGE_SECONDS, filename: 'appointments.ics' });
  });

export const calendarRoutes = (services: Services) => {
  const { db, config } = services;
  /** Only the hash is stored, so the link of an earlier answer can't be given again. */
  const mint = async (personId: string) => {
    const secret = randomSecret();
    const createdAt = await renewFeed(db, personId, hashOfSecret(secret));
    return { url: `${config.publicUrl}/v1/calendar/${secret}.ics`, createdAt: createdAt.toISOString() };
  };
  return newRoutes()
    .openapi(one, async (c) => {
      const seen = await visibleAppointment(c, services, c.req.valid('param').id);
      const { record } = advance(seen.record, seen.now);
      const { id, startsAt, endsAt } = record;
      const entry = { id, startsAt, endsAt, sequence: seen.version, updatedAt: seen.updatedAt };
      const text = writeCalendar(config.site, [{ ...entry, state: entryStateOf(record) }], c.get('caller').locale);
      return answerCalendar(c, text, { maxAgeSeconds: 0, filename: 'appointment.ics' });
    })
    .openapi(renew, async (c) => {
      const personId = c.get('caller').id;
      const { body } = await once(c, services, {
        input: {},
        minted: false,
        work: async () => ({
          status: 201,
          body: {} as { url: string; createdAt: string },
          secrets: await mint(personId),
        }),
        restore: () => mint(personId),
      });
      return c.json(body, 201);
    })
    .openapi(end, async (c) => {
      await endFeed(db, c.get('caller').id);
      return c.body(null, 204);
    });
};
