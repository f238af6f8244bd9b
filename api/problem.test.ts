import { WorkflowUpdateFailedError, WorkflowUpdateRPCTimeoutOrCancelledError } from '@temporalio/client';
import { ApplicationFailure, WorkflowNotFoundError } from '@temporalio/common';
import { HTTPException } from 'hono/http-exception';
import { describe, expect, test } from 'vitest';
import { REFUSALS, Refused } from '../domain/refusals.js';
import { ProviderError } from '../providers/types.js';
import { errorOf, Problem, PROBLEM_CODES } from './errors.js';
import { uuidOf } from './ids.js';
import { problemBody, toProblem } from './problem.js';

const codeOf = (error: unknown) => toProblem(error).code;
const pgError = (code: string) => Object.assign(new Error('from PostgreSQL'), { code });

test('every code has a status, a sentence and a remedy; every refusal of the business is in the table', () => {
  for (const code of PROBLEM_CODES) {
    const { status, message, remedy } = errorOf(code);
    expect([400, 401, 403, 404, 408, 409, 412, 413, 415, 422, 429, 431, 500, 502, 503]).toContain(status);
    expect(message, code).toMatch(/^[A-Z].*\.$/);
    expect(remedy, code).toMatch(/^[A-Z].*\.$/);
  }
  expect(PROBLEM_CODES).toEqual(expect.arrayContaining(Object.keys(REFUSALS)));
  expect(new Set(PROBLEM_CODES).size).toBe(PROBLEM_CODES.length);
});

test('a problem’s facts stand beside its own members and can’t replace them', () => {
  const problem = toProblem(new Refused('therapist_busy', { blockingAppointmentId: 'a', status: 200, code: 'fine' }));
  expect(problemBody(problem, '/x')).toEqual({
    type: 'urn:punctual:problem:therapist_busy',
    title: 'Therapist busy',
    status: 409,
    detail: 'You still hold another session.',
    instance: '/x',
    code: 'therapist_busy',
    remedy: 'End or leave the other session first.',
    blockingAppointmentId: 'a',
  });
});

describe('what was thrown becomes a problem', () => {
  test.each([
    ['23P01', 'slot_taken'],
    ['23505', 'conflict'],
    ['22P02', 'invalid_request'],
    ['22021', 'invalid_request'],
    ['22003', 'invalid_request'],
    ['40P01', 'database_unavailable'],
    ['57014', 'database_unavailable'],
    ['57P01', 'database_unavailable'],
    ['08006', 'database_unavailable'],
    ['ECONNREFUSED', 'database_unavailable'],
    ['42P01', 'internal'],
  ])('PostgreSQL’s %s: %s', (code, expected) => {
    expect(codeOf(pgError(code))).toBe(expected);
  });

  test.each([
    'Connection terminated unexpectedly',
    'timeout exceeded when trying to connect',
    'Client has encountered a connection error and is not queryable',
  ])('its driver’s “%s”', (message) => {
    expect(codeOf(new Error(message))).toBe('database_unavailable');
  });

  test('Temporal’s refusals keep their code, time-outs and unreachable servers are unknown', () => {
    const refused = (type: string) =>
      new WorkflowUpdateFailedError('failed', ApplicationFailure.nonRetryable('no', type));
    const grpc = (code: number) => Object.assign(new Error('14 UNAVAILABLE'), { code, details: '', metadata: {} });
    expect(codeOf(refused('payment_required'))).toBe('payment_required');
    expect(codeOf(refused('something_else'))).toBe('temporal_unavailable');
    expect(codeOf(new WorkflowUpdateRPCTimeoutOrCancelledError('late'))).toBe('temporal_unavailable');
    expect(codeOf(new WorkflowNotFoundError('gone', 'appointment-1', undefined))).toBe('workflow_not_found');
    expect(codeOf(grpc(14))).toBe('temporal_unavailable');
    expect(codeOf(grpc(4))).toBe('temporal_unavailable');
  });

  test('the providers’ errors by whether a repeat may help; HTTP’s by their status; anything else is ours', () => {
    expect(codeOf(new ProviderError('stripe', 'connection_failed', 'x', true))).toBe('provider_unavailable');
    expect(codeOf(new ProviderError('stripe', 'amount_too_small', 'x', false))).toBe('provider_refused');
    expect(codeOf(new ProviderError('stripe', 'signature_invalid', 'x', false))).toBe('signature_invalid');
    expect(codeOf(new ProviderError('stripe', 'body_unreadable', 'x', false))).toBe('event_unreadable');
    expect(codeOf(new HTTPException(400))).toBe('body_unreadable');
    expect(codeOf(new HTTPException(415))).toBe('media_type_unsupported');
    expect(codeOf(new Problem('forbidden'))).toBe('forbidden');
    expect(codeOf(new TypeError('a bug'))).toBe('internal');
    expect(codeOf('thrown text')).toBe('internal');
  });
});

test('a uuid of parts is the same for the same parts, and parts don’t run into each other', () => {
  expect(uuidOf('a', 'b')).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(uuidOf('a', 'b')).toBe(uuidOf('a', 'b'));
  expect(uuidOf('a', 'b')).not.toBe(uuidOf('ab', ''));
});
