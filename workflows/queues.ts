/** Vendors' calls wait on their own queue, so that a slow vendor never holds up a commit. */
export const PROVIDERS_QUEUE_SUFFIX = '-providers';
