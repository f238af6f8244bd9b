/** The bundle's entry: every workflow of the appointments' task queue. */
export { appointment } from './appointment.js';
export { reconcile } from './reconcile.js';
export { payout } from './payout.js';
export { refund } from './refund.js';
