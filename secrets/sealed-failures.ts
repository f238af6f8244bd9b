import { DefaultFailureConverter } from '@temporalio/common';

/**
 * Puts messages and stacks of failures among their payloads, which the codec then seals; of a failure Temporal keeps its
 * type in clear, a code of ours. Named by its path: the SDK loads it by itself, into workflows too.
 */
export const failureConverter = new DefaultFailureConverter({ encodeCommonAttributes: true });
