import { Migrator, type Migration } from 'kysely';
import { openDatabase } from './database.js';
import * as appointments from './migrations/0001-appointments.js';
import * as money from './migrations/0002-money.js';
import * as messages from './migrations/0003-messages.js';
import * as clock from './migrations/0004-clock.js';
import * as moneyAndChanges from './migrations/0005-money-and-changes.js';
import * as relayClaimsAndRooms from './migrations/0006-relay-claims-and-rooms.js';
import * as availability from './migrations/0007-availability.js';
import * as identity from './migrations/0008-identity.js';
import * as liveAndWebhooks from './migrations/0009-live-and-webhooks.js';
import * as notifications from './migrations/0010-notifications.js';
import * as privacy from './migrations/0011-privacy.js';
import * as unansweredTries from './migrations/0012-unanswered-tries.js';
import * as rateLimit from './migrations/0013-rate-limit.js';
import * as credentialsEnd from './migrations/0014-credentials-end.js';
import * as endpointAlerts from './migrations/0015-endpoint-alerts.js';
import * as claimsByAppointment from './migrations/0016-claims-by-appointment.js';
import * as admins from './migrations/0017-admins.js';
import * as claimsByLine from './migrations/0018-claims-by-line.js';
import * as unhurriedMails from './migrations/0019-unhurried-mails.js';
import * as stickyQueues from './migrations/0020-sticky-queues.js';

/** Every migration by name, in order. A landed one is never edited: add another. */
const MIGRATIONS: Record<string, Migration> = {
  '0001-appointments': appointments,
  '0002-money': money,
  '0003-messages': messages,
  '0004-clock': clock,
  '0005-money-and-changes': moneyAndChanges,
  '0006-relay-claims-and-rooms': relayClaimsAndRooms,
  '0007-availability': availability,
  '0008-identity': identity,
  '0009-live-and-webhooks': liveAndWebhooks,
  '0010-notifications': notifications,
  '0011-privacy': privacy,
  '0012-unanswered-tries': unansweredTries,
  '0013-rate-limit': rateLimit,
  '0014-credentials-end': credentialsEnd,
  '0015-endpoint-alerts': endpointAlerts,
  '0016-claims-by-appointment': claimsByAppointment,
  '0017-admins': admins,
  '0018-claims-by-line': claimsByLine,
  '0019-unhurried-mails': unhurriedMails,
  '0020-sticky-queues': stickyQueues,
};

/** Brings the database to the newest schema; safe to repeat and to run from several processes at once. */
export async function migrateToLatest(databaseUrl: string): Promise<void> {
  const db = openDatabase(databaseUrl, { maxConnections: 2 });
  try {
    const migrator = new Migrator({ db, provider: { getMigrations: () => Promise.resolve(MIGRATIONS) } });
    const { error, results } = await migrator.migrateToLatest();
    if (error !== undefined) {
      const failed = results?.find((result) => result.status === 'Error')?.migrationName ?? 'start';
      throw new Error(`migration failed at ${failed}`, { cause: error });
    }
  } finally {
    await db.destroy();
  }
}
