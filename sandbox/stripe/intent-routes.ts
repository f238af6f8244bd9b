import type { Context, Hono } from 'hono';
import type { VendorEnv } from '../vendor-gate.js';
import { invalidRequest, StripeFailure } from './errors.js';
import { expand } from './expand.js';
import { listPage, searchMatcher } from './lists.js';
import type { StripeModel } from './model.js';
import type { PaymentIntent } from './objects.js';
import { checkNames, type Fields, integer, mergeMetadata, metadata, money, text } from './params.js';

/** `/v1/payment_intents`. Query strings are decoded into `fields` for GET by the app. */
export function addIntentRoutes(app: Hono<VendorEnv>, model: StripeModel): void {
  const answer = (c: Context<VendorEnv>, intent: PaymentIntent) => c.json(expand(model, intent, c.get('fields')));

  app.post('/payment_intents', (c) => {
    const fields = c.get('fields');
    checkNames(fields, 'intentCreate');
    const { id } = createIntent(model, fields);
    if (text(fields, 'confirm') === 'true') confirmIntent(model, id, fields);
    return answer(c, model.intent(id));
  });

  app.get('/payment_intents', (c) => {
    const query = c.get('fields');
    checkNames(query, 'intentList');
    const page = listPage(model.intents.values(), query, '/v1/payment_intents', ['customer']);
    return c.json(expand(model, page, query));
  });

  app.get('/payment_intents/search', (c) => {
    const query = c.get('fields');
    checkNames(query, 'search');
    const wanted = text(query, 'query');
    if (!wanted) throw invalidRequest('parameter_missing', 'Missing required param: query.', 'query');
    const data = model.intents.values().filter(searchMatcher(wanted)).toReversed();
    const limit = integer(query, 'limit', 1) ?? 10;
    const result = { object: 'search_result', data: data.slice(0, limit), has_more: data.length > limit };
    return c.json(expand(model, { ...result, next_page: null, url: '/v1/payment_intents/search' }, query));
  });

  app.get('/payment_intents/:id', (c) => {
    checkNames(c.get('fields'), 'retrieve');
    return answer(c, model.intent(c.req.param('id')));
  });

  app.post('/payment_intents/:id', (c) => {
    const fields = c.get('fields');
    checkNames(fields, 'intentUpdate');
    return answer(c, updateIntent(model, c.req.param('id'), fields));
  });

  app.post('/payment_intents/:id/confirm', (c) => {
    checkNames(c.get('fields'), 'intentConfirm');
    confirmIntent(model, c.req.param('id'), c.get('fields'));
    return answer(c, model.intent(c.req.param('id')));
  });

  app.post('/payment_intents/:id/cancel', (c) => {
    const fields = c.get('fields');
    checkNames(fields, 'intentCancel');
    return answer(c, model.cancel(c.req.param('id'), text(fields, 'cancellation_reason')));
  });

  app.post('/payment_intents/:id/capture', (c) => {
    const fields = c.get('fields');
    checkNames(fields, 'intentCapture');
    return answer(c, model.capture(c.req.param('id'), integer(fields, 'amount_to_capture', 1)));
  });
}

function createIntent(model: StripeModel, fields: Fields): PaymentIntent {
  const method = text(fields, 'payment_method');
  const types = fields['payment_method_types'];
  return model.create({
    ...money(fields),
    ...(Array.isArray(types) ? { automatic_payment_methods: null, payment_method_types: types } : {}),
    ...(text(fields, 'capture_method') ? { capture_method: text(fields, 'capture_method') ?? '' } : {}),
    customer: text(fields, 'customer'),
    description: text(fields, 'description'),
    metadata: mergeMetadata({}, metadata(fields)),
    payment_method: method,
    receipt_email: text(fields, 'receipt_email'),
    statement_descriptor_suffix: text(fields, 'statement_descriptor_suffix'),
    status: method ? 'requires_confirmation' : 'requires_payment_method',
  });
}

function updateIntent(model: StripeModel, id: string, fields: Fields): PaymentIntent {
  const intent = model.intent(id);
  const amount = integer(fields, 'amount', 1);
  if (amount !== null && ['succeeded', 'canceled', 'processing'].includes(intent.status)) {
    const message = `This PaymentIntent's amount could not be updated because it has a status of ${intent.status}.`;
    throw new StripeFailure(400, {
      code: 'payment_intent_unexpected_state',
      message,
      payment_intent: intent,
      type: 'invalid_request_error',
    });
  }
  return model.intents.change(id, {
    ...(amount === null ? {} : { amount }),
    description: text(fields, 'description') ?? intent.description,
    metadata: mergeMetadata(intent.metadata, metadata(fields)),
    receipt_email: text(fields, 'receipt_email') ?? intent.receipt_email,
  });
}

/** Over the API a decline is an error, 402, that carries the intent. */
function confirmIntent(model: StripeModel, id: string, fields: Fields): void {
  const intent = model.confirm(id, text(fields, 'payment_method'), text(fields, 'return_url'));
  const { last_payment_error: error } = intent;
  if (intent.status !== 'requires_payment_method' || !error) return;
  const type = 'card_error' as const;
  throw new StripeFailure(402, { ...error, message: String(error['message']), payment_intent: intent, type });
}
