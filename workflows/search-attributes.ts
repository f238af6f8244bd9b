import { defineSearchAttributeKey } from '@temporalio/common';

/** Search attributes of an appointment: opaque ids and enums only, they are stored in clear. */
export const APPOINTMENT_STATUS = defineSearchAttributeKey('appointmentStatus', 'KEYWORD');
export const STARTS_AT = defineSearchAttributeKey('startsAt', 'DATETIME');
export const THERAPIST_ID = defineSearchAttributeKey('therapistId', 'KEYWORD');
export const CLIENT_ID = defineSearchAttributeKey('clientId', 'KEYWORD');
/** `payment`, `activation` or `nothing`: what a person has to do. */
export const NEEDS = defineSearchAttributeKey('needs', 'KEYWORD');

export const SEARCH_ATTRIBUTE_KEYS = [APPOINTMENT_STATUS, STARTS_AT, THERAPIST_ID, CLIENT_ID, NEEDS] as const;
