import { createRoute } from '@hono/zod-openapi';
import { forRoles, json, newRoutes, problems } from '../routing.js';
import { meSchema } from '../schemas.js';

const getMe = createRoute({
  method: 'get',
  path: '/v1/me',
  tags: ['People'],
  summary: 'Who you are to this service',
  ...forRoles('client', 'therapist', 'admin'),
  responses: { 200: json(meSchema, 'You.'), ...problems },
});

export const meRoutes = () =>
  newRoutes().openapi(getMe, (c) => {
    const { id, role, name, locale, timeZone } = c.get('caller');
    return c.json({ id, roles: [role], name, locale, timeZone }, 200);
  });
