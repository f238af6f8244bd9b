import pgListen from 'pg-listen';
import { LIVE_CHANNEL } from '../../db/live-bell.js';

/** One LISTEN of a process. */
export interface Waker {
  close(): Promise<void>;
}

const RETRY_MS = 500;

/**
 * Listens and connects again for ever. Who is woken looks by a query, also after a connection was lost: what was
 * notified meanwhile is lost, what happened is not. Never throws: without it, listeners look twice a second.
 */
export function openWaker(databaseUrl: string, onRing: () => void): Waker {
  let isClosed = false;
  let close: () => Promise<void> = () => Promise.resolve();
  const connect = async (): Promise<void> => {
    const subscriber = pgListen.default(
      { connectionString: databaseUrl, application_name: 'punctual live' },
      { retryInterval: RETRY_MS, retryTimeout: Infinity, retryLimit: Infinity, parse: (text: string) => text },
    );
    close = () => subscriber.close().catch(() => undefined);
    subscriber.events.on('error', () => undefined);
    subscriber.events.on('connected', onRing);
    subscriber.notifications.on(LIVE_CHANNEL, onRing);
    await subscriber.connect();
    await subscriber.listenTo(LIVE_CHANNEL);
  };
  const keepTrying = async (): Promise<void> => {
    while (!isClosed) {
      try {
        return await connect();
      } catch {
        await close();
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
  };
  const opening = keepTrying();
  return {
    async close() {
      isClosed = true;
      await opening;
      await close();
    },
  };
}
