import {
  isGrpcServiceError,
  ServiceError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client';
import { ApplicationFailure, WorkflowNotFoundError } from '@temporalio/common';
import { isRefusalCode } from '../domain/refusals.js';
import { Problem } from './errors.js';

/** gRPC's NOT_FOUND and FAILED_PRECONDITION. */
const NOT_FOUND = 5;
const FAILED_PRECONDITION = 9;

function findRefusal(error: unknown): Problem | null {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof ApplicationFailure && typeof cause.type === 'string' && isRefusalCode(cause.type)) {
      return new Problem(cause.type);
    }
  }
  return null;
}

/** True when no workflow of that id is running (and, for a query, none is kept). */
export function isWorkflowGone(error: unknown): boolean {
  if (error instanceof WorkflowNotFoundError) return true;
  const cause = error instanceof ServiceError ? error.cause : error;
  return isGrpcServiceError(cause) && cause.code === NOT_FOUND;
}

/**
 * True when the workflow task that answered an update was thrown away, as when a signal comes just as the update ends
 * the workflow: Temporal then drops the update, and what its handler committed stands.
 */
export function isUpdateDropped(error: unknown): boolean {
  const cause = error instanceof ServiceError ? error.cause : error;
  return isGrpcServiceError(cause) && cause.code === FAILED_PRECONDITION;
}

const isOfTemporal = (error: unknown): boolean =>
  error instanceof ServiceError ||
  error instanceof WorkflowUpdateRPCTimeoutOrCancelledError ||
  error instanceof WorkflowUpdateFailedError ||
  isGrpcServiceError(error);

/**
 * The one place where an error of Temporal becomes an answer: a refusal keeps its code; a time-out or an unreachable
 * server means unknown, never failed, so it is a 503 to be repeated with the same key. Null when it isn't Temporal's.
 */
export function fromTemporal(error: unknown): Problem | null {
  if (isWorkflowGone(error)) return new Problem('workflow_not_found', { cause: error });
  if (!isOfTemporal(error)) return null;
  return findRefusal(error) ?? new Problem('temporal_unavailable', { cause: error });
}
