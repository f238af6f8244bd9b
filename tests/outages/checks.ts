import { clientWallet } from '../../db/accounts.js';
import type { Db } from '../../db/database.js';
import type { AppointmentRecord } from '../../domain/record.js';
import type { Sandbox } from '../../sandbox/server.js';
import { brokenRules } from '../support/provider-books.js';
import { recordOf, type Life } from './lives.js';

/** The rows of one kind that are for clients and therapists. */
export function toldOf(db: Db, lives: readonly Life[], kind: 't15' | 't5') {
  const ids = lives.map(({ id }) => id);
  const query = db.selectFrom('notification').where('appointmentId', 'in', ids).where('kind', '=', kind);
  return query.where('recipientRole', '<>', 'admin').selectAll().execute();
}

/** SMS that somebody got twice, and mails that came twice with another Message-ID. */
export function sentTwice({ control }: Sandbox): string[] {
  const sms = control.sms().map(({ to, body }) => `sms ${to} ${body}`);
  const mails = new Map(
    control.mail().map((mail) => [mail.messageId, `mail ${mail.to.join()} ${mail.subject} ${mail.text}`]),
  );
  const all = [...sms, ...mails.values()];
  return all.filter((one, index) => all.indexOf(one) !== index);
}

/** How often a mail came again with the Message-ID of its first: allowed where its answer was lost. */
export function mailsRepeated({ control }: Sandbox): number {
  const ids = control.mail().map(({ messageId }) => messageId);
  return ids.length - new Set(ids).size;
}

/** What a life's end costs its client, as a share of the price; it is the client who cancels. Source: docs/lifecycle.md, "Money". */
function shareOf({ status, outcome, activatedAt, startsAt, policy }: AppointmentRecord): number {
  const reason = outcome?.reason;
  if (status === 'completed') return reason === 'therapist_left' ? 0 : 1;
  if (status === 'no_show') return reason === 'client_absent' ? 1 : 0;
  if (status !== 'cancelled' || activatedAt === null) return 0;
  return startsAt - outcome!.at < policy.freeCancellationMinutes * policy.minuteMs ? 0.5 : 0;
}

/** Rules of the books that do not hold, and clients whose wallet was not charged what their life's end costs. */
export async function moneyTrouble(db: Db, lives: readonly Life[], walletMinor = 100_000): Promise<unknown[]> {
  const trouble: unknown[] = await brokenRules(db);
  for (const { id, client } of lives) {
    const record = await recordOf(db, id);
    const { status, outcome, priceMinor, currency } = record;
    const account = await db
      .selectFrom('account')
      .where('code', '=', clientWallet(client.id, currency).code)
      .select('balanceMinor')
      .executeTakeFirstOrThrow();
    const chargedMinor = walletMinor - account.balanceMinor;
    const dueMinor = priceMinor * shareOf(record);
    if (chargedMinor !== dueMinor) trouble.push({ id, status, outcome, chargedMinor, dueMinor });
  }
  return trouble;
}
