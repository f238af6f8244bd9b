import type { Logger } from 'pino';
import type { Db } from '../db/database.js';
import { type AdminToTell, type GivenUpEndpoint, tellOfOneEndpoint } from '../db/endpoint-alerts.js';
import { type MailProvider, ProviderError } from '../providers/types.js';
import { writeEndpointMail } from '../texts/endpoint-mail.js';
import type { Site } from '../texts/messages.js';

export interface EndpointAlertDependencies {
  db: Db;
  mail: MailProvider;
  mailDomain: string;
  site: Site;
  log: Logger;
}

/**
 * Tells admins by mail that a webhook endpoint was given up: no appointment is concerned, so it is no notification. An alert
 * goes whatever its reader's preferences. A worker that dies in between repeats it under the same Message-IDs.
 * @returns how many endpoints
 */
export function tellOfEndpoints(deps: EndpointAlertDependencies): Promise<number> {
  return tellOfOneEndpoint(deps.db, async (endpoint, admins) => {
    for (const admin of admins) await tellOne(deps, endpoint, admin);
  });
}

async function tellOne(
  { mail, mailDomain, site, log }: EndpointAlertDependencies,
  endpoint: GivenUpEndpoint,
  admin: AdminToTell,
): Promise<void> {
  const messageId = `<endpoint-${endpoint.id}-${endpoint.disabledAt}-${admin.id}@${mailDomain}>`;
  try {
    const written = writeEndpointMail(site, endpoint, admin);
    await mail.sendMail({ to: admin.email, ...written, calendar: null, kind: 'webhook_endpoint_disabled', messageId });
  } catch (error) {
    if (!(error instanceof ProviderError) || error.retryable) throw error;
    // One address that is refused keeps it from nobody else.
    log.warn({ adminId: admin.id, endpointId: endpoint.id, code: error.code }, 'an alert was not taken');
  }
}
