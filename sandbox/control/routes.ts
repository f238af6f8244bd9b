import { type Context, Hono } from 'hono';
import { z } from 'zod';
import {
  connectBody,
  disputeAction,
  disputeBody,
  faultBody,
  inboundSmsBody,
  paymentAction,
  paymentActionBody,
  refundAction,
  refundBody,
  refundPlanBody,
  webhookModeBody,
} from './bodies.js';
import type { SandboxControl } from './control.js';
import { ControlFailure, toControlFailure } from './failure.js';

/** The control API below `/_sandbox`: JSON in, JSON out, errors as `{ error: { code, message } }`. */
export function controlApp(control: SandboxControl): Hono {
  const app = new Hono();
  app.get('/health', (c) => c.json({ ok: true }));
  app.get('/calls', (c) => c.json(control.calls(Number(c.req.query('since') ?? 0) || 0)));
  app.get('/sms', (c) => c.json(control.sms().map(({ sid, ...sms }) => ({ messageId: sid, ...sms }))));
  app.post('/sms', async (c) => c.json(control.receiveSms(await body(c, inboundSmsBody)), 201));
  app.get('/mail', (c) => c.json(control.mail()));
  app.post('/reset', (c) => {
    control.reset();
    return c.json({ ok: true });
  });
  addFaultRoutes(app, control);
  addWebhookRoutes(app, control);
  addRefundRoutes(app, control);
  addPaymentRoutes(app, control);
  addRoomRoutes(app, control);
  app.all('*', (c) => answerFailure(c, new ControlFailure(404, 'not_found', `The sandbox has no ${c.req.path}.`)));
  app.onError((error, c) => {
    const failure = toControlFailure(error);
    if (failure) return answerFailure(c, failure);
    return c.json({ error: { code: 'internal', message: String(error) } }, 500);
  });
  return app;
}

function addFaultRoutes(app: Hono, control: SandboxControl): void {
  app.get('/faults', (c) => c.json(control.faults()));
  app.post('/faults', async (c) => {
    control.addFault(await body(c, faultBody));
    return c.json(control.faults(), 201);
  });
  app.delete('/faults', (c) => {
    control.clearFaults();
    return c.json({ ok: true });
  });
}

function addWebhookRoutes(app: Hono, control: SandboxControl): void {
  app.get('/webhooks', (c) => c.json(control.webhooks()));
  app.post('/webhooks', async (c) => {
    control.setWebhookMode(await body(c, webhookModeBody));
    return c.json({ ok: true });
  });
  app.post('/webhooks/flush', (c) => c.json({ flushed: control.flushWebhooks() }));
}

/** Before the payments' own actions: a refund by hand is made on a payment. */
function addRefundRoutes(app: Hono, control: SandboxControl): void {
  app.get('/refunds', (c) => c.json(control.refunds.list(c.req.query('payment'))));
  app.post('/refunds/plan', async (c) => {
    const { provider, ...plan } = await body(c, refundPlanBody);
    control.refunds.plan(provider, plan);
    return c.json({ ok: true }, 201);
  });
  app.post('/refunds/:ref/:action', async (c) => {
    const action = refundAction.safeParse(c.req.param('action'));
    if (!action.success)
      throw new ControlFailure(404, 'unknown_action', `There is no action ${c.req.param('action')}.`);
    return c.json(control.refunds.act(c.req.param('ref'), action.data));
  });
  app.post('/payments/:ref/refund', async (c) =>
    c.json(control.refunds.make(c.req.param('ref'), (await body(c, refundBody)).amountMinor), 201),
  );
}

function addPaymentRoutes(app: Hono, control: SandboxControl): void {
  app.get('/payments', (c) => {
    const query = Object.entries(c.req.query());
    const metadata = query.flatMap(([name, value]) =>
      name.startsWith('metadata.') ? [[name.slice('metadata.'.length), value] as const] : [],
    );
    return c.json(control.payments.list({ ref: c.req.query('ref'), metadata: Object.fromEntries(metadata) }));
  });
  app.get('/payments/:ref', (c) => c.json(control.payments.get(c.req.param('ref'))));
  app.post('/payments/:ref/:action', async (c) => {
    const dispute = disputeAction.safeParse(c.req.param('action'));
    if (dispute.success)
      return c.json(control.disputes.act(c.req.param('ref'), dispute.data, await body(c, disputeBody)));
    const action = paymentAction.safeParse(c.req.param('action'));
    if (!action.success)
      throw new ControlFailure(404, 'unknown_action', `There is no action ${c.req.param('action')}.`);
    return c.json(control.payments.act(c.req.param('ref'), action.data, await body(c, paymentActionBody)));
  });
}

function addRoomRoutes(app: Hono, control: SandboxControl): void {
  app.get('/rooms', (c) => c.json(control.rooms.list()));
  app.post('/rooms/:room/participants', async (c) =>
    c.json(await control.rooms.connect(c.req.param('room'), await body(c, connectBody)), 201),
  );
  app.post('/rooms/:room/participants/:participant/:how{leave|drop}', (c) =>
    c.json(control.rooms.disconnect(c.req.param('room'), c.req.param('participant'))),
  );
}

/** An absent body counts as `{}`. @throws ControlFailure 400 */
async function body<T extends z.ZodType>(c: Context, schema: T): Promise<z.infer<T>> {
  const text = await c.req.text();
  let json: unknown;
  try {
    json = text === '' ? {} : JSON.parse(text);
  } catch {
    throw new ControlFailure(400, 'body_unreadable', 'The body is not JSON.');
  }
  const parsed = schema.safeParse(json);
  if (!parsed.success) throw new ControlFailure(400, 'body_invalid', z.prettifyError(parsed.error));
  return parsed.data;
}

function answerFailure(c: Context, { status, code, message }: ControlFailure): Response {
  return c.json({ error: { code, message } }, status);
}
