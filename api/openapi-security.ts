import { SCOPES } from './access.js';

/** How callers show who they are; api/auth.ts is what checks it. */
export const SECURITY_SCHEMES = {
  bearer: {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
    description: 'An access token of the OpenID Connect issuer, for a person.',
  },
  session: {
    type: 'apiKey',
    in: 'cookie',
    name: 'punctual',
    description: 'The web app’s, from /auth/login; `__Host-punctual` over https.',
  },
  service: {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'pst_…',
    description: `Another system’s token, from POST /v1/admin/service-tokens. Scopes: ${SCOPES.map((scope) => `\`${scope}\``).join(', ')}.`,
  },
  ticket: {
    type: 'apiKey',
    in: 'query',
    name: 'ticket',
    description: 'Good for one stream, from POST /v1/events/tickets.',
  },
};

export const COOKIE_NOTE =
  '**Signing in**: a bearer token, the web app’s cookie (a change then must come from our own pages), or a service token.';
