import { expect, test } from 'vitest';
import type { HerdAppointment } from './booking.js';
import { chooseJoiners } from './joins.js';

const person = (id: string) => ({ id, subject: id });
const herd: HerdAppointment[] = Array.from({ length: 10 }, (_, index) => ({
  id: `a${index}`,
  client: person(`c${index}`),
  therapist: person(`t${index}`),
}));

test('joiners are spread over the herd, clients and therapists in turn', () => {
  const chosen = chooseJoiners(herd, 4).map(({ appointment, person: { id } }) => `${appointment.id} ${id}`);
  expect(chosen).toEqual(['a0 c0', 'a2 t2', 'a5 c5', 'a7 t7']);
});

test('nobody is chosen twice when all join', () => {
  expect(new Set(chooseJoiners(herd, 10).map(({ appointment }) => appointment.id)).size).toBe(10);
});
