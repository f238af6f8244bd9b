import { createRoute, z } from '@hono/zod-openapi';
import { databaseNow } from '../../db/clock.js';
import { Problem } from '../errors.js';
import { problemsOf } from '../problem-responses.js';
import { json, newRoutes } from '../routing.js';
import type { Services } from '../services.js';

const LIMIT_MS = 2_000;

const healthz = createRoute({
  method: 'get',
  path: '/healthz',
  operationId: 'getHealth',
  tags: ['Operation'],
  summary: 'This process answers',
  responses: { 200: json(z.object({ status: z.literal('ok') }), 'Alive.') },
});

const readyz = createRoute({
  method: 'get',
  path: '/readyz',
  operationId: 'getReadiness',
  tags: ['Operation'],
  summary: 'PostgreSQL and Temporal can be reached',
  responses: {
    200: json(z.object({ status: z.literal('ready'), postgres: z.literal('ok'), temporal: z.literal('ok') }), 'Both.'),
    ...problemsOf('not_ready'),
  },
});

const metricsRoute = createRoute({
  method: 'get',
  path: '/metrics',
  operationId: 'getMetrics',
  tags: ['Operation'],
  summary: 'What this process has answered, for Prometheus',
  responses: { 200: { description: 'Counts and times by route.', content: { 'text/plain': { schema: z.string() } } } },
});

async function within(limitMs: number, work: Promise<unknown>): Promise<'ok' | 'away'> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<'away'>((resolve) => {
    timer = setTimeout(() => resolve('away'), limitMs);
  });
  const answer = work.then(() => 'ok' as const).catch(() => 'away' as const);
  return Promise.race([answer, limit]).finally(() => clearTimeout(timer));
}

export const healthRoutes = ({ db, calls, metrics }: Services) =>
  newRoutes()
    .openapi(healthz, (c) => c.json({ status: 'ok' as const }, 200))
    .openapi(metricsRoute, async (c) => c.text(await metrics.write(), 200, { 'content-type': metrics.contentType }))
    .openapi(readyz, async (c) => {
      const [postgres, temporal] = await Promise.all([
        within(LIMIT_MS, databaseNow(db)),
        within(LIMIT_MS, calls.ping(LIMIT_MS)),
      ]);
      if (postgres !== 'ok' || temporal !== 'ok') throw new Problem('not_ready', { facts: { postgres, temporal } });
      return c.json({ status: 'ready' as const, postgres, temporal }, 200);
    });
