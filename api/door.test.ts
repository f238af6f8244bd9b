import { expect, test } from 'vitest';
import { laneOf } from './door.js';

const A = '/v1/appointments/01993f0e-5b7c-7d7e-9d52-0c7a1c1f6a10';

test.each([
  ['GET', A, 'reads'],
  ['GET', `${A}/join`, 'reads'],
  ['GET', '/v1/appointments', 'reads'],
  ['HEAD', '/v1/me', 'reads'],
  ['GET', `${A}/live`, 'changes'],
  ['POST', '/v1/appointments', 'changes'],
  ['POST', `${A}/end`, 'changes'],
  ['POST', `${A}/activate`, 'changes'],
  ['POST', `${A}/join`, 'joins'],
  ['POST', `${A}/leave`, 'joins'],
  ['POST', `${A}/payments`, 'payments'],
  ['GET', `${A}/payments/current`, 'payments'],
  ['POST', `${A}/payments/razorpay/verify`, 'payments'],
  ['POST', '/v1/wallets/EUR/top-ups', 'payments'],
  ['GET', '/v1/admin/ledger/check', 'payments'],
  ['POST', '/webhooks/stripe', 'webhooks'],
  ['POST', '/webhooks/twilio/video', 'webhooks'],
  ['GET', '/auth/callback', 'changes'],
  ['GET', '/healthz', null],
  ['GET', '/readyz', null],
  ['GET', '/docs/openapi.json', null],
])('%s %s takes the lane %s', (method, path, lane) => {
  expect(laneOf(method, path)).toBe(lane);
});
