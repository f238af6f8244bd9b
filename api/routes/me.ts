import { createRoute, z } from '@hono/zod-openapi';
import { changePreferences, readNoticeSettings } from '../../db/notification-preferences.js';
import { changePerson, type Person, readPerson, timeZoneName } from '../../db/people.js';
import { canonicalLocale, isKnownTimeZone } from '../../domain/person-settings.js';
import { invalid, Problem } from '../errors.js';
import { noticeSettings, preferencesInput, presentNoticeSettings } from '../notice-settings-view.js';
import { bodyProblems, readProblems } from '../problem-responses.js';
import { json, jsonBody, may, newRoutes } from '../routing.js';
import { id } from '../schemas.js';
import { ROLES } from '../../domain/types.js';
import type { Services } from '../services.js';

const LONGEST_ZONE = 64;

const meSchema = z
  .object({
    id,
    roles: z.array(z.enum(ROLES)),
    name: z.string(),
    locale: z.string(),
    timeZone: z.string(),
    ...noticeSettings,
  })
  .openapi('Me');

const getMe = createRoute({
  method: 'get',
  path: '/v1/me',
  operationId: 'getMe',
  tags: ['People'],
  summary: 'Who you are to this service',
  ...may('see_self'),
  responses: { 200: json(meSchema, 'You.'), ...readProblems() },
});

const meInput = z
  .object({
    locale: z
      .string()
      .refine((given) => canonicalLocale(given) !== null, 'must be a BCP 47 language tag such as en-GB')
      .optional()
      .openapi({ example: 'en-GB' }),
    timeZone: z
      .string()
      .max(LONGEST_ZONE)
      .refine(isKnownTimeZone, 'must be a zone of the IANA database such as Europe/Berlin')
      .optional()
      .openapi({ example: 'Europe/Berlin' }),
    notificationPreferences: preferencesInput.optional(),
  })
  .openapi('MeChange', { description: 'What is left out stays.' });

const changeMe = createRoute({
  method: 'patch',
  path: '/v1/me',
  operationId: 'changeMe',
  tags: ['People'],
  summary: 'Change your locale, your time zone and what you are told, and how',
  ...may('change_self'),
  request: { body: jsonBody(meInput) },
  responses: { 200: json(meSchema, 'You, as stored now.'), ...bodyProblems() },
});

async function presentMe(
  db: Services['db'],
  { id, role, name, locale, timeZone }: Person,
): Promise<z.infer<typeof meSchema>> {
  const settings = await readNoticeSettings(db, id);
  if (settings === null) throw new Problem('unknown_person');
  return { id, roles: [role], name, locale, timeZone, ...presentNoticeSettings(settings) };
}

async function change(db: Services['db'], id: string, given: z.output<typeof meInput>): Promise<Person> {
  const { locale, timeZone, notificationPreferences } = given;
  const zone = timeZone === undefined ? undefined : await timeZoneName(db, timeZone);
  if (zone === null) throw invalid('body.timeZone', 'is not known to the database');
  const language = locale === undefined ? undefined : canonicalLocale(locale)!;
  const changed = await changePerson(db, id, { locale: language, timeZone: zone });
  if (changed === null) throw new Problem('unknown_person');
  if (notificationPreferences !== undefined) await changePreferences(db, id, notificationPreferences);
  return changed;
}

export const meRoutes = ({ db }: Services) =>
  newRoutes()
    // Read anew: what was changed through another process must show at once.
    .openapi(getMe, async (c) => {
      const person = await readPerson(db, c.get('caller').id);
      if (person === null) throw new Problem('unknown_person');
      return c.json(await presentMe(db, person), 200);
    })
    .openapi(changeMe, async (c) => {
      const changed = await change(db, c.get('caller').id, c.req.valid('json'));
      c.get('credential').forget();
      return c.json(await presentMe(db, changed), 200);
    });
