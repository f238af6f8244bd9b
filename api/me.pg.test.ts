import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makePerson, makeTherapist } from '../tests/support/people.js';
import { type ApiWorld, createApiWorld } from './test-world.js';

let world: ApiWorld;
beforeAll(async () => {
  world = await createApiWorld();
});
afterAll(() => world.close());

test('locale and zone are changed alone or together, and the next read shows it', async () => {
  const person = await makePerson(world.db, 'client');
  const patch = (body: object) => world.send(person, '/v1/me', { method: 'PATCH', body });
  const standing = { id: person.id, roles: ['client'], name: 'Test client' };
  expect(await patch({ timeZone: 'asia/kolkata' })).toMatchObject({
    status: 200,
    body: { ...standing, locale: 'en', timeZone: 'Asia/Kolkata' },
  });
  expect((await patch({ locale: 'en-in' })).body).toMatchObject({
    ...standing,
    locale: 'en-IN',
    timeZone: 'Asia/Kolkata',
  });
  expect((await world.send(person, '/v1/me')).body).toMatchObject({
    ...standing,
    locale: 'en-IN',
    timeZone: 'Asia/Kolkata',
  });
  expect((await patch({})).body).toMatchObject({ locale: 'en-IN' });
});

describe('refuses with the field', () => {
  test.each([
    [{ timeZone: 'Europe/Atlantis' }, 'body.timeZone'],
    [{ timeZone: '+02:00' }, 'body.timeZone'],
    [{ timeZone: 'GMT+2' }, 'body.timeZone'],
    [{ timeZone: '' }, 'body.timeZone'],
    [{ timeZone: null }, 'body.timeZone'],
    [{ locale: 'english please' }, 'body.locale'],
    [{ locale: 'en_GB' }, 'body.locale'],
    [{ locale: 'en\u0000' }, 'body.locale'],
  ])('%j', async (body, field) => {
    const answer = await world.send(world.parties.client, '/v1/me', { method: 'PATCH', body });
    expect(answer).toMatchObject({ status: 422, body: { errors: [expect.objectContaining({ field })] } });
  });
});

test('a therapist’s zone counts the version of their hours up: whoever edits them reads them anew', async () => {
  const person = await makeTherapist(world.db);
  const path = '/v1/therapists/me/availability';
  const { version } = (await world.send(person, path)).body as { version: number };
  const patch = (timeZone: string) => world.send(person, '/v1/me', { method: 'PATCH', body: { timeZone } });
  await patch('Europe/Berlin');
  await patch('Europe/Berlin');
  expect((await world.send(person, path)).body).toMatchObject({ timeZone: 'Europe/Berlin', version: version + 1 });
});
