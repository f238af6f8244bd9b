/**
 * Loaded once a workflow thread, before any workflow (`worker/bundle.ts`). For Temporal's `__stack_trace` query the SDK takes
 * a stack trace at every promise that a workflow makes, a third of a workflow's CPU; `getState` says what operators ask
 * for, and errors keep their words.
 */
Error.stackTraceLimit = 0;
