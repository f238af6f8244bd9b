import { type Logger, pino } from 'pino';

/** Lines are written when so many bytes have come together, or after so long; a process that is killed loses them. */
const BUFFER_BYTES = 4_096;
const FLUSH_MS = 250;

/**
 * JSON lines on stdout, gathered: one write a line costs a read a tenth of its time. What is gathered is written at the
 * process's end too. `flush` writes at once.
 */
export function openLog(level: string): { log: Logger; flush: () => void } {
  const destination = pino.destination({ dest: 1, sync: false, minLength: BUFFER_BYTES, periodicFlush: FLUSH_MS });
  return { log: pino({ level, base: { service: 'api' } }, destination), flush: () => destination.flush() };
}
