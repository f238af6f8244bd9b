import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { ApiClient } from './api-client.js';
import { createProgram } from './program.js';

type Answer = { status: number; body: unknown };

/** What stands in for the API over the wire: answers by method and address. */
let answers: Record<string, Answer>;
let asked: { line: string; body: string }[];
let printed: string[];
let actingAs: string | null;
let server: Server;
let base: string;

beforeAll(async () => {
  server = createServer((request, response) => {
    const line = `${request.method} ${request.url}`;
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      asked.push({ line, body });
      const answer = answers[line] ?? { status: 404, body: { code: 'not_found', detail: `nothing at ${line}` } };
      response.writeHead(answer.status, { 'content-type': 'application/json' }).end(JSON.stringify(answer.body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => new Promise((resolve) => server.close(resolve)));
beforeEach(() => {
  answers = {};
  asked = [];
  printed = [];
  actingAs = null;
});

async function run(...args: string[]): Promise<string> {
  const program = createProgram({
    print: (text) => void printed.push(text),
    token: (name) => Promise.resolve(`token-of-${name}`),
    connect: (name) => {
      actingAs = name;
      return Promise.resolve(new ApiClient(base, 't'));
    },
  });
  const silent = { writeErr: () => undefined, writeOut: () => undefined };
  program.exitOverride().configureOutput(silent);
  for (const group of program.commands) {
    for (const command of [group, ...group.commands]) command.exitOverride().configureOutput(silent);
  }
  await program.parseAsync(args, { from: 'user' });
  return printed.join('\n');
}

function appointment(id: string) {
  const presence = { joinedAt: null, cameAt: null };
  return {
    id,
    status: 'scheduled',
    sessionMode: 'video',
    startsAt: '2026-11-24T15:00:00.000Z',
    endsAt: '2026-11-24T15:30:00.000Z',
    durationMinutes: 30,
    client: { id: 'c', name: 'Chitra Rao' },
    therapist: { id: 't', name: 'Ben Carter' },
    price: { amountMinor: 6_000, currency: 'USD' },
    payment: null,
    isActivatedByAdmin: false,
    attendance: { client: presence, therapist: presence },
    outcome: null,
    deciding: false,
    payBy: '2026-11-24T14:30:00.000Z',
    hold: 'none',
  };
}

test('token prints the token and nothing else', async () => {
  expect(await run('token', 'client-1')).toBe('token-of-client-1');
});

test('list follows the pages up to its limit, as an admin unless told otherwise', async () => {
  answers['GET /v1/appointments?needs=activation&limit=3'] = {
    status: 200,
    body: { items: [appointment('a1'), appointment('a2')], nextCursor: 'more' },
  };
  answers['GET /v1/appointments?needs=activation&limit=1&cursor=more'] = {
    status: 200,
    body: { items: [appointment('a3')], nextCursor: null },
  };
  const output = await run('appointments', 'list', '--needs', 'activation', '--limit', '3', '--json');
  expect(JSON.parse(output)).toMatchObject([{ id: 'a1' }, { id: 'a2' }, { id: 'a3' }]);
  expect(actingAs).toBe('admin');
  answers['GET /v1/appointments?limit=50'] = { status: 200, body: { items: [], nextCursor: null } };
  await run('--as', 'therapist-ben', 'appointments', 'list');
  expect(actingAs).toBe('therapist-ben');
});

test('show tells payment, attendance and until when it can be paid', async () => {
  answers['GET /v1/appointments/a1'] = { status: 200, body: appointment('a1') };
  const output = await run('appointments', 'show', 'a1');
  expect(output).toContain('60.00 USD');
  expect(output).toContain('unpaid, hold none, pay by 2026-11-24 14:30:00Z');
  expect(output).toContain('Chitra Rao: not yet');
});

test('activate by force goes another way and needs a reason, before anything is asked', async () => {
  await expect(run('appointments', 'activate', 'a1', '--force')).rejects.toThrow(/--force needs --reason/);
  expect(asked).toEqual([]);
  answers['POST /v1/appointments/a1/force-confirm'] = { status: 200, body: {} };
  answers['GET /v1/appointments/a1'] = { status: 200, body: { ...appointment('a1'), status: 'confirmed' } };
  await run('appointments', 'activate', 'a1', '--force', '--reason', 'the client called');
  expect(asked[0]).toEqual({ line: 'POST /v1/appointments/a1/force-confirm', body: '{"reason":"the client called"}' });
});

test('an activation that is not decided yet says where to look', async () => {
  answers['POST /v1/appointments/a1/activate'] = { status: 202, body: { status: 'pending' } };
  expect(await run('appointments', 'activate', 'a1')).toMatch(/not yet decided.*appointments timeline a1/);
});

test('ledger prints postings with their sum, and refunds', async () => {
  const entry = (accountKind: string, ownerId: string | null, amountMinor: number) => {
    return { account: `${accountKind}:${ownerId ?? '-'}:USD`, accountKind, ownerId, amountMinor, currency: 'USD' };
  };
  const entries = [entry('client_wallet', 'c', -6_000), entry('refund_pending', null, 6_000)];
  const refunds = [{ id: 'r1', amountMinor: 6_000, currency: 'USD', to: 'source', status: 'processing' }];
  const at = '2026-11-24T15:00:00.000Z';
  answers['GET /v1/appointments/a1'] = { status: 200, body: appointment('a1') };
  answers['GET /v1/admin/appointments/a1/ledger'] = {
    status: 200,
    body: { transactions: [{ id: 'x', kind: 'refund_requested', at, entries }], refunds, disputes: [] },
  };
  const output = await run('appointments', 'ledger', 'a1');
  expect(output).toMatch(/refund_requested +client_wallet of Chitra Rao +-60\.00 +USD/);
  expect(output).toMatch(/sum\S* +\S*0\.00/);
  expect(output).toContain('refund of 60.00 USD to the source: processing (r1)');
});

test('what is malformed never reaches the API', async () => {
  await expect(run('appointments', 'list', '--status', 'done')).rejects.toThrow(/Allowed choices/);
  await expect(run('appointments', 'list', '--limit', '0')).rejects.toThrow(/whole number above 0/);
  expect(asked).toEqual([]);
});

const checkAnswer = (changes: object = {}) => ({
  status: 200,
  body: {
    ok: true,
    checkedAt: '2026-11-24T15:00:00.000Z',
    since: '2026-11-21T15:00:00.000Z',
    rules: [{ rule: 'balances_equal_entries', ok: true, detail: [] }],
    providers: [{ provider: 'stripe', unreachable: null, compared: 7, differences: [] }],
    ...changes,
  },
});

test('ledger check says that all is well', async () => {
  answers['GET /v1/admin/ledger/check?days=2'] = checkAnswer();
  const said = await run('ledger', 'check', '--days', '2');
  expect(said).toMatch(/ok +balances equal entries/);
  expect(said).toMatch(/stripe: 7 objects since 2026-11-21 15:00:00Z, no difference/);
  expect(actingAs).toBe('admin');
});

test('ledger check names what is broken, what differs and who is away, and fails', async () => {
  const difference = { kind: 'captured_not_funded', thereMinor: 5_000, hereMinor: 0, currency: 'JPY' };
  answers['GET /v1/admin/ledger/check'] = checkAnswer({
    ok: false,
    rules: [{ rule: 'one_currency', ok: false, detail: [{ transaction: 'x-1', currencies: ['EUR', 'INR'] }] }],
    providers: [
      {
        provider: 'razorpay',
        unreachable: 'connection_failed',
        compared: 1,
        differences: [{ ...difference, providerRef: 'order_1', paymentId: null }],
      },
    ],
  });
  await expect(run('ledger', 'check')).rejects.toThrow(/docs\/money.md/);
  const said = printed.join('\n');
  expect(said).toMatch(/BROKEN +one currency/);
  expect(said).toMatch(/transaction x-1, currencies EUR,INR/);
  expect(said).toMatch(/1 differ.*unreachable: connection_failed/);
  expect(said).toMatch(/captured not funded +5000 JPY +0 JPY +order_1/);
});

test('ledger check as JSON is the answer, and days are checked before anything is asked', async () => {
  answers['GET /v1/admin/ledger/check'] = checkAnswer();
  expect(JSON.parse(await run('ledger', 'check', '--json'))).toEqual(checkAnswer().body);
  await expect(run('ledger', 'check', '--days', '31')).rejects.toThrow(/0 to 30/);
});
