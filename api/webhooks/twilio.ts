import { z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { optOut, receiveSms } from '../../db/phones.js';
import { type ProviderEvent, storePaymentEvent } from '../../db/provider-events.js';
import { appointmentOfMeeting, markRoomClosed, participantOf, recordConnections } from '../../db/rooms.js';
import { canonicalPhone, keywordOf } from '../../domain/phone.js';
import { ProviderError, type RoomEvent } from '../../providers/types.js';
import { escapeHtml } from '../../texts/html.js';
import { writeHelpSms } from '../../texts/messages.js';
import { sha256 } from '../ids.js';
import { newRoutes } from '../routing.js';
import type { ApiEnv, Services } from '../services.js';
import { assertStorable, parseForm, storable, storableName } from './bodies.js';
import { webhookRoute } from './payments.js';

const FORM = 'application/x-www-form-urlencoded';
const video = webhookRoute('receiveRoomEvent', '/webhooks/twilio/video', 'X-Twilio-Signature', FORM);
const statuses = webhookRoute('receiveMessageEvent', '/webhooks/twilio/messages', 'X-Twilio-Signature', FORM);
/** What comes in is answered in Twilio's own language. */
const messages = {
  ...statuses,
  responses: {
    ...statuses.responses,
    200: {
      ...statuses.responses[200],
      content: { ...statuses.responses[200].content, 'text/xml': { schema: z.string() } },
    },
  },
};

interface SignedForm {
  /** The address as Twilio was given it: the public one, with its query. */
  url: string;
  form: Record<string, string>;
  signature: string | null;
}

async function readForm(c: Context<ApiEnv>, publicUrl: string): Promise<SignedForm> {
  const { pathname, search } = new URL(c.req.url);
  const form = parseForm(await c.req.text());
  return { url: `${publicUrl}${pathname}${search}`, form, signature: c.req.header('x-twilio-signature') ?? null };
}

/** Twilio's callbacks have no id: the same parameters are the same event. */
function eventOf(form: Record<string, string>, type: string): ProviderEvent {
  const sorted = Object.entries(form).sort(([a], [b]) => (a < b ? -1 : 1));
  return { provider: 'twilio', eventId: sha256(...sorted.flat()), type: storableName(type), payload: storable(form) };
}

const store = ({ db }: Services, form: Record<string, string>, type: string): Promise<unknown> =>
  storePaymentEvent(db, eventOf(form, type), null);

/** What a room's event says of attendance. Events may repeat and come in any order. */
async function recordRoomEvent({ db }: Services, event: RoomEvent): Promise<void> {
  if (event.type === 'other' || event.type === 'room_created') return;
  const appointment = await appointmentOfMeeting(db, event.uniqueName);
  if (appointment === undefined) return;
  if (event.type === 'room_ended') return markRoomClosed(db, appointment.id, event.roomSid);
  if (!('participantSid' in event)) return;
  const { participantSid, identity, at } = event;
  const participant = participantOf(identity);
  if (participant === null) return;
  const disconnectedAt = event.type === 'participant_disconnected' ? at : null;
  await recordConnections(db, appointment.id, [
    { participantSid, participant, identity, connectedAt: at, disconnectedAt },
  ]);
}

export const twilioWebhooks = (services: Services) =>
  newRoutes()
    .openapi(video, async (c) => {
      const { url, form, signature } = await readForm(c, services.config.publicUrl);
      const event = services.providers.rooms.parseWebhook(url, form, signature);
      assertStorable(event);
      await store(services, form, form['StatusCallbackEvent'] ?? 'video');
      await recordRoomEvent(services, event);
      return c.json({ received: true as const }, 200);
    })
    .openapi(messages, async (c) => {
      const { url, form, signature } = await readForm(c, services.config.publicUrl);
      verifySignature(services, url, form, signature);
      if (form['MessageStatus'] === undefined) return c.body(await answerSms(services, form), 200, XML);
      await store(services, form, `message-${form['MessageStatus']}`);
      const to = form['ErrorCode'] === OPTED_OUT ? canonicalPhone(form['To'] ?? '') : null;
      if (to !== null) await optOut(services.db, to);
      return c.json({ received: true as const }, 200);
    });

const XML = { 'content-type': 'text/xml; charset=utf-8' };
const NO_ANSWER = '<?xml version="1.0" encoding="UTF-8"?><Response/>';
const OPTED_OUT = '21610';

/**
 * What somebody wrote back: STOP and START count at once, and Twilio itself answers them; HELP is answered here, unless
 * Twilio did (`OptOutType`). What else people write is read by nobody, so it is not kept. @returns TwiML
 */
async function answerSms({ db, config }: Services, form: Record<string, string>): Promise<string> {
  const phone = canonicalPhone(form['From'] ?? '');
  const keyword = keywordOf(form['OptOutType'] ?? form['Body'] ?? '');
  if (phone === null) return NO_ANSWER;
  const event = eventOf(form, `message-received-${keyword ?? 'other'}`);
  const received = await receiveSms(db, event, { phone, keyword });
  if (received === false || keyword !== 'help' || form['OptOutType'] !== undefined) return NO_ANSWER;
  const text = escapeHtml(writeHelpSms(config.site, received.locale ?? 'en'));
  return NO_ANSWER.replace('<Response/>', `<Response><Message>${text}</Message></Response>`);
}

/** The signature is checked first, so a callback that is none of a room's is signed all the same. @throws ProviderError */
function verifySignature(
  { providers }: Services,
  url: string,
  form: Record<string, string>,
  signature: string | null,
): void {
  try {
    providers.rooms.parseWebhook(url, form, signature);
  } catch (error) {
    if (!(error instanceof ProviderError) || error.code !== 'body_unreadable') throw error;
  }
}
