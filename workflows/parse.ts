import type { MessageEvent } from '../domain/events.js';
import type { RequestInput, StoredSignal } from './messages.js';

/** Signals and updates by hand may carry anything: these read `unknown` and never throw. */

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const LONGEST_REASON = 500;

const isObject = (raw: unknown): raw is Record<string, unknown> => typeof raw === 'object' && raw !== null;

function isReason(raw: unknown): raw is string {
  return typeof raw === 'string' && raw.trim() !== '' && raw.length <= LONGEST_REASON && !raw.includes('\u0000');
}

/** `{ messageId }` of a stored message, or null. */
export function parseStoredSignal(raw: unknown): StoredSignal | null {
  if (!isObject(raw) || typeof raw['messageId'] !== 'string' || !UUID.test(raw['messageId'])) return null;
  return { messageId: raw['messageId'] };
}

/** An operator's activation by hand, `{ reason }`, or null. */
export function parseOperatorActivation(raw: unknown): { reason: string } | null {
  if (!isObject(raw) || !isReason(raw['reason'])) return null;
  return { reason: raw['reason'] };
}

/** Whether an update's input is one; sent by hand it may be anything. */
export function isRequestInput(raw: unknown, roles: readonly string[], reasonRequired: boolean): raw is RequestInput {
  if (!isObject(raw) || typeof raw['requestId'] !== 'string' || !UUID.test(raw['requestId'])) return false;
  const actor = raw['actor'];
  if (!isObject(actor) || typeof actor['role'] !== 'string' || !roles.includes(actor['role'])) return false;
  if (typeof actor['id'] !== 'string' || !UUID.test(actor['id'])) return false;
  return reasonRequired ? isReason(raw['reason']) : raw['reason'] === undefined || isReason(raw['reason']);
}

/** Whether the details of a change of plan are of the form that its kind needs. */
export function areDetails(kind: MessageEvent, raw: unknown): boolean {
  const details = isObject(raw) ? raw : {};
  switch (kind) {
    case 'cancel': {
      const { refundTo, expectedRefundMinor } = details;
      const expects = expectedRefundMinor === undefined || Number.isSafeInteger(expectedRefundMinor);
      return expects && (refundTo === undefined || refundTo === 'source' || refundTo === 'wallet');
    }
    case 'reschedule':
      return Number.isSafeInteger(details['startsAt']);
    case 'extend':
      return Number.isSafeInteger(details['minutes']);
    default:
      return true;
  }
}

/** Whether a booking's input is one. */
export function isBookInput(raw: unknown): boolean {
  if (!isObject(raw)) return false;
  const { clientId, therapistId, startsAt, durationMinutes, sessionMode } = raw;
  return (
    [clientId, therapistId].every((id) => typeof id === 'string' && UUID.test(id)) &&
    Number.isSafeInteger(startsAt) &&
    Number.isSafeInteger(durationMinutes) &&
    ['video', 'audio', 'chat'].includes(String(sessionMode))
  );
}
