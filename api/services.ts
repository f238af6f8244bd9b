import type { Client } from '@temporalio/client';
import type { Logger } from 'pino';
import type { Db } from '../db/database.js';
import type { Person } from '../db/people.js';
import type { Providers } from '../providers/index.js';
import { AppointmentCalls } from './appointment-calls.js';
import { Background } from './background.js';
import type { ApiConfig } from './config.js';
import { Messenger } from './messenger.js';

/** What an API is made of; `temporal` may be a client whose server is away. */
export interface ApiDependencies {
  config: ApiConfig;
  db: Db;
  temporal: Client;
  providers: Pick<Providers, 'stripe' | 'razorpay' | 'rooms'>;
  log: Logger;
  /** Given by who wants to await what goes on after the answers. */
  background?: Background;
}

/** What routes work with. */
export interface Services extends Omit<ApiDependencies, 'background'> {
  background: Background;
  calls: AppointmentCalls;
  messenger: Messenger;
}

export function createServices(dependencies: ApiDependencies): Services {
  const { db, temporal, config, log } = dependencies;
  const background = dependencies.background ?? new Background(log);
  const calls = new AppointmentCalls(temporal, config.taskQueue);
  return { ...dependencies, background, calls, messenger: new Messenger(db, calls, background) };
}

/** What middleware leaves for the routes. */
export interface ApiEnv {
  Variables: { caller: Person; requestId: string };
}
