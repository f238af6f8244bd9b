/** The bundle's entry: every workflow of the appointments' task queue. */
export { appointment } from './appointment.js';
export { payout } from './payout.js';
export { refund } from './refund.js';
