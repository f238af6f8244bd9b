import type { MiddlewareHandler } from 'hono';
import { cors } from 'hono/cors';
import { Auditor } from './auditor.js';
import { authenticate } from './auth.js';
import { door, DOOR_DEFAULTS } from './door.js';
import { Problem } from './errors.js';
import { limitBody, logProblem, logRequests, requestIds, standingHeaders } from './middleware.js';
import { addDocument } from './openapi.js';
import { answerProblem, problemBody, RepeatedProblem, toProblem } from './problem.js';
import { adminNotificationRoutes } from './routes/admin-notifications.js';
import { adminPayoutRoutes } from './routes/admin-payouts.js';
import { adminActivationRoutes } from './routes/admin-activations.js';
import { adminAuditRoutes } from './routes/admin-audit.js';
import { adminWebhookRoutes } from './routes/admin-webhooks.js';
import { adminAttentionRoutes } from './routes/admin-attention.js';
import { adminDisputeRoutes } from './routes/admin-disputes.js';
import { adminRefundRoutes } from './routes/admin-refunds.js';
import { adminServiceTokenRoutes } from './routes/admin-service-tokens.js';
import { adminRoutes } from './routes/admin.js';
import { adminLedgerTransactionRoutes } from './routes/admin-ledger-transactions.js';
import { adminLedgerRoutes } from './routes/admin-ledger.js';
import { appointmentRoutes } from './routes/appointments.js';
import { availabilityRoutes } from './routes/availability.js';
import { calendarFeedRoutes, calendarRoutes } from './routes/calendar.js';
import { changeRoutes } from './routes/changes.js';
import { docsRoutes } from './routes/docs.js';
import { earningsRoutes } from './routes/earnings.js';
import { eventRoutes } from './routes/events.js';
import { healthRoutes } from './routes/health.js';
import { meRoutes } from './routes/me.js';
import { moneyRoutes } from './routes/money.js';
import { mySessionRoutes } from './routes/my-sessions.js';
import { notificationRoutes } from './routes/notifications.js';
import { codecRoutes } from './routes/codec.js';
import { personalDataRoutes } from './routes/personal-data.js';
import { paymentRoutes } from './routes/payments.js';
import { phoneRoutes } from './routes/phone.js';
import { recordRoutes } from './routes/records.js';
import { sessionRoutes } from './routes/sessions.js';
import { signInRoutes } from './routes/sign-in.js';
import { therapistRoutes } from './routes/therapists.js';
import { topUpRoutes } from './routes/top-ups.js';
import { LIMIT_DEFAULTS } from './limits.js';
import { limitCallers, limitRefusedTokens, limitStrangers } from './rate-limits.js';
import { newRoutes } from './routing.js';
import { orByTicket } from './live/tickets.js';
import { type ApiDependencies, type ApiEnv, createServices, type Services } from './services.js';
import { createTokenVerifier } from './token-verifier.js';
import { paymentWebhooks } from './webhooks/payments.js';
import { twilioWebhooks } from './webhooks/twilio.js';

const LARGEST_BODY_BYTES = 1024 * 1024;
/** What Temporal's UI sends along. */
const CODEC_HEADERS = ['authorization', 'content-type', 'x-namespace'];

/** What every request passes, from the outside in. */
function createShell(services: Services) {
  const { config, log, limiter } = services;
  const settings = { limiter, limits: config.limits ?? LIMIT_DEFAULTS, trustedProxies: config.trustedProxies ?? 0 };
  const app = newRoutes();
  app.use(requestIds, logRequests(log, services.metrics), standingHeaders);
  if (config.corsOrigins.length > 0) {
    const allowHeaders = ['authorization', 'content-type', 'idempotency-key', 'if-match', 'last-event-id'];
    app.use(
      cors({
        origin: config.corsOrigins,
        allowHeaders,
        exposeHeaders: ['etag', 'retry-after', 'x-request-id', 'idempotent-replayed', 'ratelimit', 'ratelimit-policy'],
        maxAge: 600,
      }),
    );
  }
  app.use(door(config.door ?? DOOR_DEFAULTS), limitBody(LARGEST_BODY_BYTES), limitStrangers(settings));
  app.route('/', calendarFeedRoutes(services)); // before the authentication: its secret is all that it asks for
  const { oidcIssuer: issuer, oidcAudience: audience, oidcScope: scope } = config;
  const signedIn = authenticate(services, createTokenVerifier({ issuer, audience, scope }));
  const auditor = new Auditor(services.db);
  const audited: MiddlewareHandler<ApiEnv> = (c, next) => {
    c.set('auditor', auditor);
    return next();
  };
  const known = limitRefusedTokens(settings, orByTicket(services.db, signedIn));
  app.use('/v1/*', known, limitCallers(settings), audited);
  if (services.codecKeys) {
    const origin = config.codecOrigins ?? [];
    if (origin.length > 0) app.use('/codec/*', cors({ origin, allowHeaders: CODEC_HEADERS, maxAge: 600 }));
    app.use('/codec/*', known, limitCallers(settings), audited).route('/', codecRoutes(services.codecKeys));
  }
  app.notFound((c) => answerProblem(c, problemBody(new Problem('not_found'), c.req.path)));
  app.onError((error, c) => {
    if (error instanceof RepeatedProblem) return answerProblem(c, error.body);
    const problem = toProblem(error);
    const body = problemBody(problem, c.req.path);
    if (body.status >= 500) logProblem(log, c.get('requestId'), problem);
    return answerProblem(c, body);
  });
  return app;
}

/**
 * The whole API as a Hono app; opens no port. Temporal may be away: what needs it answers 503 with Retry-After, and
 * joins, reads, wallet payments and webhooks go on.
 */
export function createApp(dependencies: ApiDependencies) {
  const services = createServices(dependencies);
  const app = createShell(services)
    .route('/', meRoutes(services))
    .route('/', personalDataRoutes(services))
    .route('/', mySessionRoutes(services))
    .route('/', signInRoutes(services))
    .route('/', adminServiceTokenRoutes(services))
    .route('/', therapistRoutes(services))
    .route('/', availabilityRoutes(services))
    .route('/', appointmentRoutes(services))
    .route('/', paymentRoutes(services))
    .route('/', sessionRoutes(services))
    .route('/', changeRoutes(services))
    .route('/', recordRoutes(services))
    .route('/', adminRoutes(services))
    .route('/', adminActivationRoutes(services))
    .route('/', adminRefundRoutes(services))
    .route('/', adminLedgerTransactionRoutes(services))
    .route('/', adminAttentionRoutes(services))
    .route('/', adminAuditRoutes(services))
    .route('/', adminDisputeRoutes(services))
    .route('/', adminLedgerRoutes(services))
    .route('/', moneyRoutes(services))
    .route('/', topUpRoutes(services))
    .route('/', earningsRoutes(services))
    .route('/', adminPayoutRoutes(services))
    .route('/', notificationRoutes(services))
    .route('/', adminNotificationRoutes(services))
    .route('/', eventRoutes(services))
    .route('/', calendarRoutes(services))
    .route('/', adminWebhookRoutes(services))
    .route('/', phoneRoutes(services))
    .route('/', paymentWebhooks(services))
    .route('/', twilioWebhooks(services))
    .route('/', healthRoutes(services))
    .route('/', docsRoutes());
  addDocument(app);
  return app;
}

/** For front ends: `hc<AppType>(url)` knows every route, its inputs and answers. */
export type AppType = ReturnType<typeof createApp>;
