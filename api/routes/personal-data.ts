import { createRoute, z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { erasePerson } from '../../db/erasure.js';
import { readPersonalData, type PersonalData } from '../../db/personal-data.js';
import { invalid, Problem, type ProblemCode } from '../errors.js';
import { once } from '../idempotency.js';
import { isUuid } from '../ids.js';
import { idParam, optionalKey } from '../inputs.js';
import { bodyProblems, changeProblems, postProblems } from '../problem-responses.js';
import { json, may, newRoutes } from '../routing.js';
import { id } from '../schemas.js';
import type { ApiEnv, Services } from '../services.js';

const rows = z.array(z.record(z.string(), z.unknown()));

const exportSchema = z
  .object({
    profile: z.record(z.string(), z.unknown()),
    sections: z.record(z.string(), rows).openapi({
      description: 'appointments, payments, refunds, ledger, notifications, reviews, notes, sessions, timeline, audit',
    }),
    cutOff: z.array(z.string()).openapi({ description: 'Sections of which only the newest 10,000 rows are here.' }),
  })
  .openapi('PersonalData');

const exportRoute = createRoute({
  method: 'post',
  path: '/v1/me/export',
  operationId: 'exportMe',
  tags: ['People'],
  summary: 'Everything that is kept of you',
  description: 'As of one moment. The answer is not stored: a repeat reads anew.',
  ...may('export_self'),
  request: { headers: optionalKey },
  responses: { 200: json(exportSchema, 'Your data.'), ...postProblems() },
});

const erasedSchema = z.object({ id, erased: z.literal(true) }).openapi('Erased');

const erasureInput = z
  .object({ id: id.optional().openapi({ description: 'Yours, to be sure whom you are signed in as.' }) })
  .optional();

const erasureRoute = createRoute({
  method: 'post',
  path: '/v1/me/erasure',
  operationId: 'eraseMe',
  tags: ['People'],
  summary: 'Forget who you are',
  description:
    'Contact data, notes, review texts and sessions are erased for good; appointments and the ledger stay, under an id that names nobody. Refused while an appointment is open or money is due. Afterwards your tokens let nobody in.',
  ...may('erase_self'),
  request: { headers: optionalKey, body: { content: { 'application/json': { schema: erasureInput } } } },
  responses: { 200: json(erasedSchema, 'Erased.'), ...bodyProblems('erasure_open_appointments', 'erasure_money_due') },
});

const adminRequest = { params: idParam, headers: optionalKey };

const adminExportRoute = createRoute({
  method: 'post',
  path: '/v1/admin/people/{id}/export',
  operationId: 'exportPerson',
  tags: ['Administration'],
  summary: 'Everything that is kept of one person',
  request: adminRequest,
  ...may('export_person'),
  responses: { 200: json(exportSchema, 'Their data.'), ...postProblems('person_not_found') },
});

const adminErasureRoute = createRoute({
  method: 'post',
  path: '/v1/admin/people/{id}/erasure',
  operationId: 'erasePerson',
  tags: ['Administration'],
  summary: 'Forget who somebody is, at their wish',
  request: adminRequest,
  ...may('erase_person'),
  responses: {
    200: json(erasedSchema, 'Erased; a repeat finds it done.'),
    ...changeProblems('person_not_found', 'erasure_open_appointments', 'erasure_money_due'),
  },
});

/** A POST that stores nothing of its answer: what is personal is read anew for a repeat. */
type Stored = Record<never, never>;

/** Read anew for each repeat: none of it is stored. */
async function answerExport(c: Context<ApiEnv>, services: Services, personId: string, missing: ProblemCode) {
  const read = async (): Promise<PersonalData> => {
    const data = isUuid(personId) ? await readPersonalData(services.db, personId) : null;
    if (data === null) throw new Problem(missing);
    return data;
  };
  const { body } = await once<200, Stored, PersonalData>(c, services, {
    input: {},
    minted: false,
    work: async () => ({ status: 200, body: {}, secrets: await read() }),
    restore: read,
  });
  return body as PersonalData;
}

/** No key is stored: a repeat of what is done finds it done, and nothing of the person is to be left. */
async function answerErasure(c: Context<ApiEnv>, { db }: Services, personId: string, missing: ProblemCode) {
  const { id: callerId, role } = c.get('caller');
  const by = { role, id: callerId, requestId: c.get('requestId') };
  const outcome = isUuid(personId) ? await erasePerson(db, personId, by) : 'unknown_person';
  if (outcome === 'open_appointments') throw new Problem('erasure_open_appointments');
  if (outcome === 'money_due') throw new Problem('erasure_money_due');
  if (outcome === 'unknown_person') throw new Problem(missing);
  return { id: personId, erased: true as const };
}

export const personalDataRoutes = (services: Services) =>
  newRoutes()
    .openapi(exportRoute, async (c) =>
      c.json(await answerExport(c, services, c.get('caller').id, 'unknown_person'), 200),
    )
    .openapi(erasureRoute, async (c) => {
      const { id: personId } = c.get('caller');
      const meant = c.req.valid('json')?.id ?? personId;
      if (meant !== personId) throw invalid('body.id', 'must be your own');
      const done = await answerErasure(c, services, personId, 'unknown_person');
      c.get('credential').forget();
      return c.json(done, 200);
    })
    .openapi(adminExportRoute, async (c) =>
      c.json(await answerExport(c, services, c.req.valid('param').id, 'person_not_found'), 200),
    )
    .openapi(adminErasureRoute, async (c) =>
      c.json(await answerErasure(c, services, c.req.valid('param').id.toLowerCase(), 'person_not_found'), 200),
    );
