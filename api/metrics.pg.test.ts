import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openEvents } from '../tests/support/event-stream.js';
import { booked } from './test-lives.js';
import { type ApiWorld, createApiWorld } from './test-world.js';

let world: ApiWorld;
beforeAll(async () => {
  world = await createApiWorld();
});
afterAll(() => world.close());

async function metrics(): Promise<string> {
  const { status, headers, body } = await world.send(null, '/metrics');
  expect(status).toBe(200);
  expect(headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
  return String(body['text']);
}
const valueOf = (text: string, series: string) =>
  Number(
    text
      .split('\n')
      .find((line) => line.startsWith(`${series} `))
      ?.slice(series.length + 1),
  );

test('answers are counted by route and status, with their times, and nobody is named', async () => {
  const id = await booked(world);
  const { client } = world.parties;
  for (let n = 0; n < 3; n += 1) await world.send(client, `/v1/appointments/${id}`);
  await world.send(client, `/v1/appointments/${randomUUID()}`);
  await world.send(null, `/nothing/${id}`);
  const text = await metrics();
  const route = 'method="GET",route="/v1/appointments/:id"';
  expect(valueOf(text, `http_requests_total{${route},status="200"}`)).toBe(3);
  expect(valueOf(text, `http_requests_total{${route},status="404"}`)).toBe(1);
  expect(valueOf(text, `http_request_duration_seconds_count{${route}}`)).toBe(4);
  expect(valueOf(text, `http_request_duration_seconds_bucket{le="+Inf",${route}}`)).toBe(4);
  expect(valueOf(text, `http_request_duration_seconds_bucket{le="0.005",${route}}`)).toBeLessThanOrEqual(4);
  expect(valueOf(text, `http_request_duration_seconds_sum{${route}}`)).toBeGreaterThan(0);
  expect(text).not.toContain(id);
  expect(text).not.toContain(client.id);
  for (const line of text.trimEnd().split('\n'))
    expect(line).toMatch(/^(# (HELP|TYPE) \w+ .+|\w+(\{[^{}]+\})? ([\d.e+-]+|NaN)|)$/);
});

test('open streams and memory are as of this moment', async () => {
  expect(valueOf(await metrics(), 'live_streams')).toBe(0);
  const authorization = `Bearer ${await world.tokenOf(world.parties.client.subject)}`;
  const stream = await openEvents(`${world.url}/v1/events`, { authorization });
  expect(valueOf(await metrics(), 'live_streams')).toBe(1);
  expect(valueOf(await metrics(), 'process_resident_memory_bytes')).toBeGreaterThan(10_000_000);
  stream.close();
  await expect.poll(async () => valueOf(await metrics(), 'live_streams')).toBe(0);
});
