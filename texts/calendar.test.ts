import { expect, test } from 'vitest';
import { writeCalendar, writeInvitation, type Entry } from './calendar.js';

const SITE = { brand: 'Bränd', webUrl: `https://app.example.com/${'deep/'.repeat(12)}x` };
const ENTRY: Entry = {
  id: '0f9a3b52-77c1-4e0b-9f66-5d1c2b3a4e5f',
  startsAt: Date.UTC(2026, 2, 29, 0, 30), // half an hour before Europe's clocks go forward
  endsAt: Date.UTC(2026, 2, 29, 1, 30),
  sequence: 7,
  updatedAt: Date.UTC(2026, 0, 2, 3, 4, 5),
  state: 'confirmed',
};
const TO = { organizer: 'no-reply@example.com', attendee: 'recipient@example.com', locale: 'en' };
const linesOf = (text: string) => text.replaceAll('\r\n ', '').split('\r\n');

test('an entry is in UTC, stamped by its row, and every line ends and folds as RFC 5545 says', () => {
  const text = writeCalendar(SITE, [ENTRY], 'en');
  expect(linesOf(text)).toEqual(
    expect.arrayContaining([
      'BEGIN:VCALENDAR',
      'VERSION:2.0',
      'UID:0f9a3b52-77c1-4e0b-9f66-5d1c2b3a4e5f',
      'SEQUENCE:7',
      'DTSTAMP:20260102T030405Z',
      'DTSTART:20260329T003000Z',
      'DTEND:20260329T013000Z',
      'STATUS:CONFIRMED',
      'CLASS:PRIVATE',
      'END:VCALENDAR',
    ]),
  );
  expect(text.endsWith('\r\n')).toBe(true);
  for (const line of text.split('\r\n')) expect(Buffer.byteLength(line)).toBeLessThanOrEqual(75);
  expect(text.split('\r\n').some((line) => line.startsWith(' '))).toBe(true);
  expect(text.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/);
});

test('the same row is the same text', () => {
  expect(writeCalendar(SITE, [ENTRY], 'de')).toBe(writeCalendar(SITE, [ENTRY], 'de'));
});

test('an invitation asks, and takes out again what is cancelled, under one UID', () => {
  const asked = writeInvitation(SITE, ENTRY, TO);
  const taken = writeInvitation(SITE, { ...ENTRY, sequence: 8, state: 'cancelled' }, TO);
  expect([asked.method, taken.method]).toEqual(['REQUEST', 'CANCEL']);
  expect(linesOf(asked.content)).toEqual(expect.arrayContaining(['METHOD:REQUEST', 'SEQUENCE:7', 'STATUS:CONFIRMED']));
  expect(linesOf(taken.content)).toEqual(expect.arrayContaining(['METHOD:CANCEL', 'SEQUENCE:8', 'STATUS:CANCELLED']));
  for (const { content } of [asked, taken]) {
    expect(linesOf(content)).toContain(`UID:${ENTRY.id}`);
    expect(linesOf(content)).toContain('ORGANIZER;CN="Bränd":mailto:no-reply@example.com');
  }
});
