import { Problem, type ProblemCode } from '../errors.js';
import { problemBody, type ProblemBody } from '../problem.js';
import { OPENS_AT } from './scene.js';

/** What some problems say beside their code. */
const FACTS: Partial<Record<ProblemCode, Record<string, unknown>>> = {
  therapist_busy: { blockingAppointmentId: '01993f0e-a0c1-72c3-92a7-51cf6f6fbf65' },
  too_early: { opensAt: OPENS_AT },
  amount_too_large: { refundableMinor: 4_500 },
  scope_missing: { scope: 'appointments:read' },
  top_up_limit: { why: 'above_maximum', minMinor: 50, maxMinor: 50_000 },
  availability_changed: { version: 8 },
  not_ready: { postgres: 'ok', temporal: 'away' },
};

const FIELDS = { errors: [{ field: 'query.limit', message: 'Too big: expected number to be <=200' }] };

/** A problem as this address would answer it. */
export function problemExample(code: ProblemCode, instance: string): ProblemBody {
  const facts = FACTS[code];
  const extra = { ...(facts === undefined ? {} : { facts }), ...(code === 'invalid_request' ? FIELDS : {}) };
  return problemBody(new Problem(code, extra), instance);
}
