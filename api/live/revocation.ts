import type { EventEmitter } from 'node:events';
import type { Credential } from '../access.js';

/** A thousand streams are then 67 looks a second, each by a key. */
const ASKED_EVERY_MS = 15_000;

/** Cuts a stream whose session or token has ended meanwhile; whoever comes again is asked who they are. */
export function endWithCredential(
  outgoing: EventEmitter & { destroyed: boolean; destroy(): unknown },
  { stands }: Pick<Credential, 'stands'>,
): void {
  if (stands === undefined) return;
  const ask = async (): Promise<void> => {
    if (outgoing.destroyed) clearInterval(timer);
    else if (!(await stands())) outgoing.destroy();
  };
  const timer = setInterval(() => void ask(), ASKED_EVERY_MS);
  outgoing.once('close', () => clearInterval(timer));
}
