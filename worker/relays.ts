import type { Client } from '@temporalio/client';
import type { Logger } from 'pino';
import { tellOfEndpoints } from '../activities/endpoint-alerts.js';
import { DeadWorkers } from '../activities/dead-workers.js';
import { relayMessages } from '../activities/message-relay.js';
import { NotificationRelay } from '../activities/notification-relay.js';
import { relayPayouts } from '../activities/payout-relay.js';
import { relayRefunds } from '../activities/refund-relay.js';
import { relayRooms } from '../activities/room-relay.js';
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

const PRUNE_EVENTS_EVERY_MS = 60_000;
const PRUNE_EVERY_MS = 600_000;
const FAN_OUT_EVERY_MS = 500;
const ALERT_EVERY_MS = 10_000;

/** What waits in rows is worked off from now on: messages, notifications, rooms, refunds and payouts. */
export function startRelays(options: RelaysOptions): { stop(): Promise<void> } {
  const { db, session, temporal, taskQueue, providers, publicUrl, mailDomain, site, log } = options;
  const { rooms, sms, mail, webhooks } = providers;
  const notifications = new NotificationRelay({ db, session, sms, mail, mailDomain, site, log });
  const deadWorkers = new DeadWorkers({ db, temporal, log });
  const webhookRelay = new WebhookRelay({ db, webhooks, log });
  const loops = [
    new RelayLoop('messages', () => relayMessages({ db, temporal, log }), log),
    new RelayLoop('refunds', () => relayRefunds({ db, temporal, taskQueue, log }), log),
    new RelayLoop('payouts', () => relayPayouts({ db, temporal, taskQueue, log }), log),
    new RelayLoop('rooms', () => relayRooms({ db, rooms, publicUrl, log }), log),
    new RelayLoop('notifications', () => notifications.claim(), log),
    new RelayLoop('webhooks to write', () => fanOut(db), log, FAN_OUT_EVERY_MS),
    new RelayLoop('webhooks', () => webhookRelay.relay(), log, FAN_OUT_EVERY_MS),
    new RelayLoop('endpoint alerts', () => tellOfEndpoints({ db, mail, mailDomain, site, log }), log, ALERT_EVERY_MS),
    new RelayLoop('old events', () => pruneEvents(db), log, PRUNE_EVENTS_EVERY_MS),
    new RelayLoop('what is over', () => pruneOld(db), log, PRUNE_EVERY_MS),
    new RelayLoop('dead relays', () => notifications.freeDead(), log, LOOK_FOR_DEAD_MS),
    new RelayLoop('dead workers', () => deadWorkers.takeTasks(), log, LOOK_FOR_DEAD_MS),
  ];
  return {
    async stop() {
      await Promise.all(loops.map((loop) => loop.stop()));
      await webhookRelay.stop();
      await notifications.stop();
      await session.close();
    },
  };
}
