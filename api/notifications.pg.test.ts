import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { commitAppointment } from '../db/commit.js';
import { storeMessage } from '../db/messages.js';
import { makeParties } from '../tests/support/appointments.js';
import { booked } from './test-lives.js';
import { type ApiWorld, createApiWorld } from './test-world.js';

let world: ApiWorld;
beforeAll(async () => {
  world = await createApiWorld();
});
afterAll(() => world.close());

let own: Pick<ApiWorld, 'db' | 'parties'>;
let id: string;
beforeEach(async () => {
  own = { db: world.db, parties: await makeParties(world.db) };
  id = await booked(own);
});

const rowOf = (channel: 'email' | 'sms' | 'in_app') =>
  world.db
    .selectFrom('notification')
    .where('appointmentId', '=', id)
    .where('channel', '=', channel)
    .where('recipientId', '=', own.parties.client.id)
    .selectAll()
    .orderBy('occasion', 'desc')
    .executeTakeFirstOrThrow();
/** As the relay ends a row. */
const end = (rowId: string, status: 'sent' | 'failed') =>
  world.db
    .updateTable('notification')
    .set({ status, template: 'booking_made', sentAt: status === 'sent' ? new Date() : null, claimedAt: new Date() })
    .where('id', '=', rowId)
    .execute();
async function cancel(): Promise<void> {
  const actor = { role: 'client' as const, id: own.parties.client.id };
  await storeMessage(world.db, { appointmentId: id, kind: 'cancel', actor, signal: false });
  await commitAppointment(world.db, id);
}

describe('in the app', () => {
  test('messages carry their words in the reader’s language and zone, and when they were read', async () => {
    const { id: rowId } = await rowOf('in_app');
    await end(rowId, 'sent');
    const reading = { locale: 'de', timeZone: 'Europe/Berlin' };
    await world.send(own.parties.client, '/v1/me', { method: 'PATCH', body: reading });
    const { body } = await world.send(own.parties.client, '/v1/notifications');
    expect(body).toMatchObject({
      items: [{ id: rowId, appointmentId: id, template: 'booking_made', title: 'Gebucht', readAt: null }],
    });
    const [item] = body['items'] as { text: string; createdAt: string }[];
    expect(item!.text).toMatch(/^Ihr Termin am .* \(Europe\/Berlin\) ist gebucht\. Bitte bezahlen Sie bis .*\.$/);
    expect(Date.parse(item!.createdAt)).toBeGreaterThan(0);
    const read = await world.post(own.parties.client, `/v1/notifications/${rowId}/read`, {});
    expect(read).toMatchObject({ status: 200, body: { id: rowId } });
    const again = await world.post(own.parties.client, `/v1/notifications/${rowId}/read`, {});
    expect(again.body['readAt']).toBe(read.body['readAt']);
    expect(read.body['readAt']).not.toBeNull();
  });

  test('somebody else’s, another channel’s and none at all can’t be read', async () => {
    const [inApp, mail] = [await rowOf('in_app'), await rowOf('email')];
    for (const row of [inApp, mail]) await end(row.id, 'sent');
    const asked = [
      await world.post(own.parties.therapist, `/v1/notifications/${inApp.id}/read`, {}),
      await world.post(own.parties.client, `/v1/notifications/${mail.id}/read`, {}),
      await world.post(own.parties.client, `/v1/notifications/${randomUUID()}/read`, {}),
      await world.post(own.parties.client, '/v1/notifications/nonsense/read', {}),
    ];
    for (const answer of asked) expect(answer).toMatchObject({ status: 404, body: { code: 'notification_not_found' } });
  });
});

describe('sending anew', () => {
  const path = () => `/v1/admin/appointments/${id}/notifications`;
  const resend = (notificationId: string, key?: string) =>
    world.post(own.parties.admin, `${path()}/resend`, { notificationId }, key);

  test('is a row of its own, by an admin, in the timeline and the audit log', async () => {
    const first = await rowOf('email');
    await end(first.id, 'failed');
    const { status, body } = await resend(first.id);
    expect(status).toBe(201);
    expect(body).toMatchObject({ kind: 'booking_made', channel: 'email', status: 'pending', occasion: 1, attempts: 0 });
    expect(body['id']).not.toBe(first.id);
    expect((await rowOf('email')).id).toBe(body['id']);
    const listed = await world.send(own.parties.admin, path());
    const mails = (listed.body['items'] as { id: string; channel: string; status: string }[]).filter(
      ({ channel }) => channel === 'email',
    );
    expect(mails.map((row) => [row.id, row.status])).toEqual([
      [first.id, 'failed'],
      [body['id'], 'pending'],
    ]);
    expect(JSON.stringify(listed.body)).not.toMatch(/@|\+1/);
    const entries = await world.db.selectFrom('timelineEntry').where('appointmentId', '=', id).selectAll().execute();
    expect(entries.filter(({ kind }) => kind === 'notification_resent')).toMatchObject([
      { actorRole: 'admin', actorId: own.parties.admin.id, detail: { notificationId: body['id'] } },
    ]);
    const audited = world.db.selectFrom('auditEntry').where('objectId', '=', String(body['id'])).selectAll();
    expect(await audited.execute()).toMatchObject([
      { action: 'resend', actorId: own.parties.admin.id, subjectId: own.parties.client.id },
    ]);
    const attention = await world.send(own.parties.admin, '/v1/admin/attention');
    expect(JSON.stringify(attention.body)).not.toContain(first.id);
  });

  test('once a request, and once more when it is asked for again', async () => {
    const first = await rowOf('email');
    await end(first.id, 'sent');
    const [one, same] = [await resend(first.id, 'a'), await resend(first.id, 'a')];
    expect(same.body).toEqual(one.body);
    expect(await resend(first.id, 'b')).toMatchObject({ status: 201, body: { occasion: 2 } });
  });

  test('what waits, says nothing any more, stands in the app or isn’t there is refused', async () => {
    const [mail, inApp] = [await rowOf('email'), await rowOf('in_app')];
    const refused = { status: 409, body: { code: 'nothing_to_resend' } };
    expect(await resend(mail.id)).toMatchObject(refused);
    await end(inApp.id, 'sent');
    expect(await resend(inApp.id)).toMatchObject(refused);
    expect(await resend(randomUUID())).toMatchObject(refused);
    const others = { db: world.db, parties: await makeParties(world.db) };
    const mine = id;
    id = await booked(others);
    await end(mail.id, 'sent');
    expect(await resend(mail.id)).toMatchObject(refused); // another appointment's
    id = mine;
    await cancel();
    expect(await resend(mail.id)).toMatchObject(refused);
  });

  test('nobody else may', async () => {
    const mail = await rowOf('email');
    for (const who of ['client', 'therapist'] as const)
      expect((await world.post(own.parties[who], `${path()}/resend`, { notificationId: mail.id })).status).toBe(403);
  });
});
