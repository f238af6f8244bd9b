import { defineUpdate } from '@temporalio/workflow';
import type { BareBooking } from './input.js';

/** Updates of the bare workflow; its signals and its query are those of an appointment. */
export const bookBare = defineUpdate<string, [BareBooking]>('book');
export const endBare = defineUpdate<string, [unknown]>('endSession');
