import { type Client, isGrpcServiceError } from '@temporalio/client';

const LIMIT_MS = 5_000;

/** A call to Temporal, which always has a deadline: a relay tries again what missed it. */
export function callTemporal<T>(temporal: Client, call: () => Promise<T>): Promise<T> {
  return temporal.withDeadline(Date.now() + LIMIT_MS, call);
}

/** gRPC's NOT_FOUND. */
const NOT_FOUND = 5;

/** The same about what may be gone by now. @returns null where it is */
export async function callUnlessGone<T>(temporal: Client, call: () => Promise<T>): Promise<T | null> {
  try {
    return await callTemporal(temporal, call);
  } catch (error) {
    if (isGrpcServiceError(error) && error.code === NOT_FOUND) return null;
    throw error;
  }
}
