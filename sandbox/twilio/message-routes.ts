import { Hono } from 'hono';
import { twilioCredentials } from '../credentials.js';
import type { VendorEnv } from '../vendor-gate.js';
import { notFound } from './errors.js';
import { messageEntity, type TwilioMessages } from './messages.js';
import { pageOf } from './paging.js';
import { checkNames, text } from './params.js';

const CREATE_NAMES = [
  'To',
  'StatusCallback',
  'ApplicationSid',
  'MaxPrice',
  'ProvideFeedback',
  'Attempt',
  'ValidityPeriod',
  'ForceDelivery',
  'ContentRetention',
  'AddressRetention',
  'SmartEncoded',
  'PersistentAction',
  'TrafficType',
  'ShortenUrls',
  'ScheduleType',
  'SendAt',
  'SendAsMms',
  'ContentVariables',
  'RiskCheck',
  'From',
  'FallbackFrom',
  'MessagingServiceSid',
  'Body',
  'MediaUrl',
  'ContentSid',
];

/** Twilio's 2010 API below `/twilio/api/2010-04-01`: messages. */
export function messageRoutes(messages: TwilioMessages): Hono<VendorEnv> {
  const app = new Hono<VendorEnv>();
  const base = `/2010-04-01/Accounts/${twilioCredentials.accountSid}/Messages.json`;

  app.use('/Accounts/:account/*', async (c, next) => {
    if (c.req.param('account') !== twilioCredentials.accountSid) throw notFound(c.req.path);
    await next();
  });

  app.post('/Accounts/:account/Messages.json', (c) => {
    const fields = c.get('fields');
    checkNames(fields, CREATE_NAMES);
    const message = messages.send({
      to: text(fields, 'To'),
      from: text(fields, 'From'),
      body: text(fields, 'Body'),
      statusCallback: text(fields, 'StatusCallback'),
    });
    return c.json(messageEntity(message), 201);
  });

  app.get('/Accounts/:account/Messages.json', (c) => {
    const query = new URL(c.req.url).searchParams;
    const [to, from] = [query.get('To'), query.get('From')];
    const matching = messages
      .list()
      .filter((message) => (!to || message.to === to) && (!from || message.from === from) && sent(message.at, query))
      .toReversed();
    const page = pageOf(matching, base, query);
    const start = page.page * page.pageSize;
    return c.json({
      first_page_uri: page.first,
      end: Math.max(start, start + page.items.length - 1),
      previous_page_uri: page.previous,
      messages: page.items.map(messageEntity),
      uri: page.current,
      page_size: page.pageSize,
      start,
      next_page_uri: page.next,
      page: page.page,
    });
  });

  app.get('/Accounts/:account/Messages/:file{.+\\.json}', (c) =>
    c.json(messageEntity(messages.get(c.req.param('file').replace(/\.json$/, '')))),
  );

  return app;
}

/** `DateSent`, `DateSent<` (at or before) and `DateSent>` (at or after), by day or by instant. */
function sent(at: string, query: URLSearchParams): boolean {
  const [on, before, after] = [query.get('DateSent'), query.get('DateSent<'), query.get('DateSent>')];
  const time = Date.parse(at);
  // The API's times are whole seconds, so a bound within the same second includes the message.
  if (after && time < Math.floor(Date.parse(after) / 1000) * 1000) return false;
  if (before && Math.floor(time / 1000) * 1000 > Date.parse(before)) return false;
  return !on || at.slice(0, 10) === on.slice(0, 10);
}
