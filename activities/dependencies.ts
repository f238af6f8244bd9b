import type { Logger } from 'pino';
import type { Backlog } from './backlog.js';
import type { Db } from '../db/database.js';
import type { PayoutRail } from '../providers/payout-rail.js';
import type { PaymentGateway, RoomProvider } from '../providers/types.js';

/** What activities are made with. Tests pass real ones against the sandbox. */
export interface ActivityDependencies {
  db: Db;
  gateways: Record<'stripe' | 'razorpay', PaymentGateway>;
  rooms: RoomProvider;
  payoutRails: Record<PayoutRail['name'], PayoutRail>;
  /** Where the API is reached from outside: meeting links and room callbacks start with it. */
  publicUrl: string;
  /** Told of every deadline that was written down. */
  backlog: Backlog;
  log: Logger;
}
