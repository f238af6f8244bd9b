import { Hono } from 'hono';
import { readBasicAuth } from '../basic-auth.js';
import type { CallLog } from '../calls.js';
import { twilioCredentials } from '../credentials.js';
import type { FaultTable } from '../faults.js';
import { type VendorEnv, vendorGate } from '../vendor-gate.js';
import type { TwilioChat } from './chat.js';
import { chatRoutes } from './chat-routes.js';
import { failureResponse, injectedFailure, notFound, TwilioFailure } from './errors.js';
import { messageRoutes } from './message-routes.js';
import type { TwilioMessages } from './messages.js';
import type { TwilioRooms } from './rooms.js';
import { videoRoutes } from './video-routes.js';

/** Twilio below `/twilio/<product>`, where the real one has `https://<product>.twilio.com`. */
export function twilioApp(parts: {
  rooms: TwilioRooms;
  chat: TwilioChat;
  messages: TwilioMessages;
  calls: CallLog;
  faults: FaultTable;
}): Hono<VendorEnv> {
  const app = new Hono<VendorEnv>();
  app.use(vendorGate('twilio', parts.calls, parts.faults));
  app.use(async (c, next) => {
    if (!known(c.req.header('authorization'))) throw new TwilioFailure(401, 20003, 'Authenticate');
    const injected = c.get('injected');
    if (injected) throw injectedFailure(injected.status);
    await next();
  });
  app.route('/video/v1', videoRoutes(parts.rooms));
  app.route('/conversations/v1', chatRoutes(parts.chat));
  app.route('/api/2010-04-01', messageRoutes(parts.messages));
  app.all('*', (c) => failureResponse(notFound(c.req.path)));
  app.onError((error) => {
    if (error instanceof TwilioFailure) return failureResponse(error);
    return failureResponse(new TwilioFailure(500, 20500, String(error)));
  });
  return app;
}

/** The account with its token, or the API key with its secret. */
function known(header: string | undefined): boolean {
  const { name, password } = readBasicAuth(header);
  const { accountSid, authToken, apiKeySid, apiKeySecret } = twilioCredentials;
  return (name === accountSid && password === authToken) || (name === apiKeySid && password === apiKeySecret);
}
