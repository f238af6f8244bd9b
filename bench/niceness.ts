/** How far Temporal's server and its database give way where all share one machine. */
export const TEMPORAL_NICENESS = 15;
/** Vendors have machines of their own; here they give way as far as the worker that sends to them. */
export const VENDORS_NICENESS = 10;
