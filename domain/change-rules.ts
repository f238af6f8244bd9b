import { cancelled, LIVE, noShow, OVER, tell, type Rule } from './rule.js';

const MOVED_TO = ['client', 'therapist'] as const;

/** Changes of plan: cancel, reschedule, extend. A part of the table in lifecycle.ts. */
export const CHANGES: Rule[] = [
  { event: 'cancel', from: OVER, then: { refuse: 'already_over' } },
  { event: 'cancel', from: ['in_progress'], when: ['by an admin'], then: cancelled('client', 'therapist') },
  { event: 'cancel', from: ['in_progress'], then: { refuse: 'use_end' } },
  {
    event: 'cancel',
    from: ['scheduled', 'confirmed'],
    when: ['the quote has changed'],
    then: { refuse: 'quote_changed' },
  },
  {
    event: 'cancel',
    from: ['scheduled', 'confirmed'],
    when: ['it counts as a no-show'],
    then: noShow('client_absent', 'settle_hold'),
  },
  { event: 'cancel', from: ['scheduled', 'confirmed'], when: ['paid'], then: cancelled('client', 'therapist') },
  { event: 'cancel', from: ['scheduled', 'confirmed'], then: cancelled('client') },
  { event: 'reschedule', from: OVER, then: { refuse: 'already_over' } },
  { event: 'reschedule', from: LIVE, then: { refuse: 'too_late' } },
  { event: 'reschedule', from: ['scheduled'], when: ['T-5 has come'], then: { refuse: 'too_late' } },
  {
    event: 'reschedule',
    from: ['scheduled'],
    when: ['by the client', 'later than 24 h before the start'],
    then: { refuse: 'too_late' },
  },
  {
    event: 'reschedule',
    from: ['scheduled'],
    when: ['by the client', 'moved three times already'],
    then: { refuse: 'reschedule_limit' },
  },
  { event: 'reschedule', from: ['scheduled'], when: ['the new start has passed'], then: { refuse: 'too_late' } },
  {
    event: 'reschedule',
    from: ['scheduled'],
    when: ['the therapist does not work then'],
    then: { refuse: 'outside_hours' },
  },
  { event: 'reschedule', from: ['scheduled'], when: ['the new slot is taken'], then: { refuse: 'slot_taken' } },
  {
    event: 'reschedule',
    from: ['scheduled'],
    when: ['the client has another at the new time'],
    then: { refuse: 'own_overlap' },
  },
  {
    event: 'reschedule',
    from: ['scheduled'],
    when: ['paid'],
    then: { to: 'same', moves: 'start', does: [{ do: 'void_unsent' }, tell('rescheduled', ...MOVED_TO)] },
  },
  {
    event: 'reschedule',
    from: ['scheduled'],
    then: { to: 'same', moves: 'start', does: [{ do: 'void_unsent' }, tell('rescheduled', 'client')] },
  },
  { event: 'extend', from: OVER, then: { refuse: 'already_over' } },
  { event: 'extend', from: ['scheduled', 'confirmed'], then: { refuse: 'not_in_progress' } },
  { event: 'extend', from: ['in_progress'], when: ['no new times can be read'], then: { refuse: 'message_malformed' } },
  { event: 'extend', from: ['in_progress'], when: ['the new slot is taken'], then: { refuse: 'slot_taken' } },
  {
    event: 'extend',
    from: ['in_progress'],
    when: ['the client has another at the new time'],
    then: { refuse: 'own_overlap' },
  },
  {
    event: 'extend',
    from: ['in_progress'],
    then: { to: 'same', moves: 'end', does: [{ do: 'extend_lease' }, tell('extended', ...MOVED_TO)] },
  },
];
