import type { HttpBindings } from '@hono/node-server';
import type { Client } from '@temporalio/client';
import type { Logger } from 'pino';
import type { Db } from '../db/database.js';
import type { Person } from '../db/people.js';
import type { Providers } from '../providers/index.js';
import type { NamedKeys } from '../secrets/named-keys.js';
import { AppointmentCalls } from './appointment-calls.js';
import type { Act, Credential } from './access.js';
import type { Auditor } from './auditor.js';
import { Background } from './background.js';
import { Callers } from './callers.js';
import type { ApiConfig } from './config.js';
import { DecisionWatch } from './decision-watch.js';
import type { LiveFeed } from './live/feed.js';
import { Messenger } from './messenger.js';
import { ApiMetrics } from './metrics.js';
import { Limiter } from './limiter.js';
import { LIMIT_DEFAULTS } from './limits.js';

/** What an API is made of; `temporal` may be a client whose server is away. */
export interface ApiDependencies {
  config: ApiConfig;
  db: Db;
  temporal: Client;
  providers: Pick<Providers, 'stripe' | 'razorpay' | 'rooms' | 'webhooks' | 'sms'>;
  log: Logger;
  /** What open screens are told; whoever made it closes it before the server. */
  live: LiveFeed;
  /** Of the codec of Temporal's payloads; null, as by default, where it is off. */
  codecKeys?: NamedKeys | null;
  /** Given by who wants to await what goes on after the answers. */
  background?: Background;
}

/** What routes work with. */
export interface Services extends Omit<ApiDependencies, 'background'> {
  background: Background;
  callers: Callers;
  calls: AppointmentCalls;
  messenger: Messenger;
  decisions: DecisionWatch;
  limiter: Limiter;
  metrics: ApiMetrics;
}

export function createServices(dependencies: ApiDependencies): Services {
  const { db, temporal, config, log } = dependencies;
  const background = dependencies.background ?? new Background(log);
  const calls = new AppointmentCalls(temporal, config.taskQueue);
  return {
    ...dependencies,
    background,
    callers: new Callers(db),
    calls,
    messenger: new Messenger(db, calls, background),
    decisions: new DecisionWatch(db),
    limiter: new Limiter(db, config.limits ?? LIMIT_DEFAULTS),
    metrics: new ApiMetrics(() => dependencies.live.size),
  };
}

/** What middleware leaves for the routes. */
export interface ApiEnv {
  /** Present where Node serves the request, absent for `app.request()`. */
  Bindings: Partial<HttpBindings>;
  Variables: {
    caller: Person;
    credential: Credential;
    act: Act;
    requestId: string;
    auditor: Auditor;
    /** The appointments of a list, for the audit log. */
    shown?: string[];
  };
}
