import type { Client } from '@temporalio/client';
import type { Logger } from 'pino';
import type { Backlog } from '../activities/backlog.js';
import { tellOfEndpoints } from '../activities/endpoint-alerts.js';
import { DeadWorkers } from '../activities/dead-workers.js';
import { MESSAGES_AT_ONCE, relayMessages } from '../activities/message-relay.js';
import { CLAIM_BATCH, NotificationRelay } from '../activities/notification-relay.js';
import { relayPayouts } from '../activities/payout-relay.js';
import { relayRefunds } from '../activities/refund-relay.js';
import { relayRooms, ROOMS_AT_ONCE } from '../activities/room-relay.js';
import { WebhookRelay } from '../activities/webhook-relay.js';
import type { Db } from '../db/database.js';
import { pruneEvents } from '../db/live-events.js';
import { pruneOld } from '../db/prune.js';
import type { RelaySession } from '../db/relay-session.js';
import { fanOut } from '../db/webhook-fan-out.js';
import type { Providers } from '../providers/index.js';
import type { Site } from '../texts/messages.js';
import { RelayLoop } from './relay-loop.js';

export interface RelaysOptions {
  db: Db;
  /** Shows that this relay, and the worker with it, lives. */
  session: RelaySession;
  /** Of the worker beside it. */
  backlog: Backlog;
  temporal: Client;
  taskQueue: string;
  providers: Pick<Providers, 'rooms' | 'sms' | 'mail' | 'webhooks'>;
  publicUrl: string;
  mailDomain: string;
  site: Site;
  log: Logger;
}

/** How often it is looked whether another relay, or its worker, has died. */
const LOOK_FOR_DEAD_MS = 500;

/** Refunds and payouts take days at their providers. */
const MONEY_EVERY_MS = 1_000;
const PRUNE_EVENTS_EVERY_MS = 60_000;
const PRUNE_EVERY_MS = 600_000;
const FAN_OUT_EVERY_MS = 500;
const ALERT_EVERY_MS = 10_000;

/** What waits in rows is worked off from now on: messages, notifications, rooms, refunds and payouts. */
export function startRelays(options: RelaysOptions): { stop(): Promise<void> } {
  const { db, session, backlog, temporal, taskQueue, providers, publicUrl, mailDomain, site, log } = options;
  const { rooms, sms, mail, webhooks } = providers;
  const notifications = new NotificationRelay({ db, session, backlog, sms, mail, mailDomain, site, log });
  const deadWorkers = new DeadWorkers({ db, temporal, relayId: session.id, log });
  const webhookRelay = new WebhookRelay({ db, webhooks, log });
  const loops = [
    new RelayLoop('messages', () => relayMessages({ db, temporal, log }), log, { batch: MESSAGES_AT_ONCE }),
    new RelayLoop('refunds', () => relayRefunds({ db, temporal, taskQueue, log }), log, { idleMs: MONEY_EVERY_MS }),
    new RelayLoop('payouts', () => relayPayouts({ db, temporal, taskQueue, log }), log, { idleMs: MONEY_EVERY_MS }),
    new RelayLoop('rooms', () => relayRooms({ db, rooms, publicUrl, log }), log, { batch: ROOMS_AT_ONCE }),
    new RelayLoop('notifications', () => notifications.claim(), log, { batch: CLAIM_BATCH }),
    new RelayLoop('webhooks to write', () => fanOut(db), log, { idleMs: FAN_OUT_EVERY_MS }),
    new RelayLoop('webhooks', () => webhookRelay.relay(), log, { idleMs: FAN_OUT_EVERY_MS }),
    new RelayLoop('endpoint alerts', () => tellOfEndpoints({ db, mail, mailDomain, site, log }), log, {
      idleMs: ALERT_EVERY_MS,
    }),
    new RelayLoop('old events', () => pruneEvents(db), log, { idleMs: PRUNE_EVENTS_EVERY_MS }),
    new RelayLoop('what is over', () => pruneOld(db), log, { idleMs: PRUNE_EVERY_MS }),
    new RelayLoop('dead relays', () => notifications.freeDead(), log, { idleMs: LOOK_FOR_DEAD_MS }),
    new RelayLoop('dead workers', () => deadWorkers.takeTasks(), log, { idleMs: LOOK_FOR_DEAD_MS }),
  ];
  return {
    async stop() {
      await Promise.all(loops.map((loop) => loop.stop()));
      await deadWorkers.stop();
      await webhookRelay.stop();
      await notifications.stop();
      await session.close();
    },
  };
}
