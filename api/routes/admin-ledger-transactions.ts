import { createRoute, z } from '@hono/zod-openapi';
import { readAppointmentLedger, type AppointmentLedger } from '../../db/ledger-read.js';
import { withReasons } from '../../db/notes.js';
import { idParam } from '../inputs.js';
import { readProblems } from '../problem-responses.js';
import { may, json, newRoutes } from '../routing.js';
import { amountMinor, currency, id, instant } from '../schemas.js';
import type { Services } from '../services.js';
import { visibleAppointment } from '../visible.js';

const signedMinor = amountMinor.openapi({
  description: 'Signed integer minor units: what we owe grows with +, what we own with -.',
  example: -4500,
});

const entrySchema = z
  .object({
    account: z.string().openapi({ description: 'kind:owner:currency', example: 'client_wallet:01993f0e:EUR' }),
    accountKind: z.string(),
    ownerId: id.nullable(),
    amountMinor: signedMinor,
    currency,
  })
  .openapi('LedgerEntry');

const transactionSchema = z
  .object({
    id,
    kind: z.string().openapi({ example: 'settle' }),
    idempotencyKey: z.string().openapi({ description: 'Fixed by the cause: it posts once.' }),
    paymentId: id.nullable(),
    at: instant,
    entries: z.array(entrySchema).openapi({ description: 'They sum to zero.' }),
  })
  .openapi('LedgerTransaction');

const refundSchema = z
  .object({
    id,
    paymentId: id,
    amountMinor,
    currency,
    to: z.string(),
    status: z.string(),
    reason: z.string(),
    providerRef: z.string().nullable(),
    failureCode: z.string().nullable(),
    requestedBy: z.string(),
    createdAt: instant,
    completedAt: instant.nullable(),
  })
  .openapi('LedgerRefund');

const disputeSchema = z
  .object({
    id,
    paymentId: id,
    provider: z.string(),
    providerRef: z.string(),
    amountMinor,
    currency,
    status: z.string(),
    reason: z.string().nullable(),
    countedMinor: amountMinor.openapi({ description: 'Its part of what the payment has lost for now, or for good.' }),
    evidenceDueAt: instant.nullable(),
    openedAt: instant,
    closedAt: instant.nullable(),
  })
  .openapi('LedgerDispute');

const ledgerSchema = z
  .object({
    transactions: z.array(transactionSchema).openapi({ description: 'In the order in which they were posted.' }),
    refunds: z.array(refundSchema),
    disputes: z.array(disputeSchema),
  })
  .openapi('AppointmentLedger');

const ledgerRoute = createRoute({
  method: 'get',
  path: '/v1/admin/appointments/{id}/ledger',
  operationId: 'getAppointmentLedger',
  tags: ['Administration'],
  summary: 'Every posting of an appointment, with its refunds and disputes',
  ...may('see_money'),
  request: { params: idParam },
  responses: { 200: json(ledgerSchema, 'As of one moment.'), ...readProblems('unknown_appointment') },
});

const isoOrNull = (at: Date | null): string | null => at?.toISOString() ?? null;

function presentLedger({ transactions, refunds, disputes }: AppointmentLedger): z.infer<typeof ledgerSchema> {
  return {
    transactions: transactions.map(({ at, ...transaction }) => ({ ...transaction, at: at.toISOString() })),
    refunds: refunds.map(({ createdAt, completedAt, ...refund }) => ({
      ...refund,
      createdAt: createdAt.toISOString(),
      completedAt: isoOrNull(completedAt),
    })),
    disputes: disputes.map(({ evidenceDueAt, openedAt, closedAt, ...dispute }) => ({
      ...dispute,
      evidenceDueAt: isoOrNull(evidenceDueAt),
      openedAt: openedAt.toISOString(),
      closedAt: isoOrNull(closedAt),
    })),
  };
}

export const adminLedgerTransactionRoutes = (services: Services) =>
  newRoutes().openapi(ledgerRoute, async (c) => {
    const { record } = await visibleAppointment(c, services, c.req.valid('param').id);
    const ledger = await readAppointmentLedger(services.db, record.id);
    const refunds = await withReasons(services.db, record.id, ledger.refunds, {
      of: ({ reason }) => reason,
      put: (refund, reason) => ({ ...refund, reason }),
    });
    return c.json(presentLedger({ ...ledger, refunds }), 200);
  });
