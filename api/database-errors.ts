import { Problem, type ProblemCode } from './errors.js';

/** PostgreSQL's SQLSTATE classes and codes that mean something to a caller. */
const BY_CODE: Record<string, ProblemCode> = {
  '23P01': 'slot_taken',
  '23505': 'conflict',
  '23503': 'conflict',
  '40001': 'database_unavailable',
  '40P01': 'database_unavailable',
  '53300': 'database_unavailable',
  '55P03': 'database_unavailable',
  '57014': 'database_unavailable', // statement_timeout
  '57P01': 'database_unavailable',
  '57P02': 'database_unavailable',
  '57P03': 'database_unavailable',
  ECONNREFUSED: 'database_unavailable',
  ECONNRESET: 'database_unavailable',
  EPIPE: 'database_unavailable',
  ENOTFOUND: 'database_unavailable',
  ETIMEDOUT: 'database_unavailable',
};

/** `pg` and its pool have only sentences for these. */
const LOST =
  /connection terminated|timeout exceeded when trying to connect|query read timeout|not queryable|connection (error|ended|closed)/i;

/** An error of PostgreSQL or its driver as a problem, null when it is none that a caller can do something about. */
export function fromPostgres(error: unknown): Problem | null {
  if (!(error instanceof Error)) return null;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (code in BY_CODE) return new Problem(BY_CODE[code]!, { cause: error });
  if (code.startsWith('08')) return new Problem('database_unavailable', { cause: error });
  if (code.startsWith('22')) return new Problem('invalid_request', { cause: error }); // a value that no column takes
  return LOST.test(error.message) ? new Problem('database_unavailable', { cause: error }) : null;
}
