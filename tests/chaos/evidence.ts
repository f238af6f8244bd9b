import { Client, Connection } from '@temporalio/client';
import { sql } from 'kysely';
import type { Db } from '../../db/database.js';
import { decryptField } from '../../db/field-encryption.js';
import type { SandboxPayment } from '../../sandbox/control/payments.js';
import type { SandboxRefund } from '../../sandbox/control/refunds.js';
import type { ReceivedMail } from '../../sandbox/mailbox.js';
import { brokenRules, ledgersBooks, type Books } from '../support/provider-books.js';
import type { Deed } from './caller.js';

/** What people asked of a run and were answered, and what it left in PostgreSQL, at the vendors, and at Temporal. */
export interface Evidence {
  deeds: readonly Deed[];
  /** Appointments that were not over 60 s into the quiet. */
  stuckIds: readonly string[];
  appointments: readonly SeenAppointment[];
  payments: readonly SeenPayment[];
  refunds: readonly SeenRefund[];
  /** Postings that settle a hold: how much of it was charged. */
  settlements: readonly { appointmentId: string; chargedMinor: number }[];
  /** Earnings of sessions, one a settlement. */
  earnings: readonly { appointmentId: string }[];
  timeline: readonly { appointmentId: string; kind: string; refused: string | null; status: string | null }[];
  /** Stored messages that no commit has come to. */
  unhandledMessages: readonly { id: string; appointmentId: string; kind: string }[];
  notices: readonly SeenNotice[];
  brokenLedgerRules: readonly string[];
  ledgerBooks: Books;
  /** Ids of the workflows that run. */
  openWorkflows: readonly string[];
  vendors: {
    payments: readonly Pick<SandboxPayment, 'ref' | 'paymentId' | 'status' | 'amountMinor'>[];
    refunds: readonly Pick<SandboxRefund, 'id' | 'refundId' | 'status' | 'amountMinor'>[];
    sms: readonly { messageId: string; to: string; body: string }[];
    mails: readonly Pick<ReceivedMail, 'messageId'>[];
  };
}

export interface SeenAppointment {
  id: string;
  clientId: string;
  status: string;
  outcomeReason: string | null;
  priceMinor: number;
  isPaid: boolean;
  paidPaymentId: string | null;
  /** How its hold stands; null without one. */
  hold: 'held' | 'settled' | 'voided' | null;
  clientJoined: boolean;
  therapistJoined: boolean;
  isActivated: boolean;
}

export interface SeenPayment {
  id: string;
  appointmentId: string | null;
  method: string;
  status: string;
  capturedMinor: number;
}

export interface SeenRefund {
  id: string;
  appointmentId: string | null;
  paymentId: string;
  method: string;
  destination: 'source' | 'wallet';
  amountMinor: number;
  status: string;
  reason: string;
}

export interface SeenNotice {
  id: string;
  appointmentId: string;
  kind: string;
  recipientId: string;
  role: 'client' | 'therapist' | 'admin';
  channel: 'email' | 'sms' | 'in_app';
  status: string;
  attempts: number;
  providerRef: string | null;
  phone: string | null;
}

function appointmentsOf(db: Db): Promise<SeenAppointment[]> {
  return db
    .selectFrom('appointment as a')
    .leftJoin('hold as h', 'h.appointmentId', 'a.id')
    .select([
      'a.id',
      'a.clientId',
      'a.status',
      'a.outcomeReason',
      'a.priceMinor',
      'a.paidPaymentId',
      'h.status as hold',
    ])
    .select([
      sql<boolean>`a.paid_at is not null`.as('isPaid'),
      sql<boolean>`a.client_joined_at is not null`.as('clientJoined'),
      sql<boolean>`a.therapist_joined_at is not null`.as('therapistJoined'),
      sql<boolean>`a.activated_at is not null`.as('isActivated'),
    ])
    .execute();
}

async function moneyOf(db: Db): Promise<Pick<Evidence, 'payments' | 'refunds' | 'settlements' | 'earnings'>> {
  const [payments, refunds, settlements, earnings] = await Promise.all([
    db.selectFrom('payment').select(['id', 'appointmentId', 'method', 'status', 'capturedMinor']).execute(),
    db
      .selectFrom('refund as r')
      .innerJoin('payment as p', 'p.id', 'r.paymentId')
      .select(['r.id', 'r.appointmentId', 'r.paymentId', 'r.destination', 'r.amountMinor', 'r.status', 'r.reason'])
      .select('p.method')
      .execute(),
    db
      .selectFrom('ledgerTransaction as t')
      .innerJoin('ledgerEntry as e', 'e.transactionId', 't.id')
      .innerJoin('account as a', 'a.code', 'e.account')
      .where('t.kind', '=', 'settle')
      .where('a.kind', '=', 'client_wallet')
      .select(['t.appointmentId', sql<number>`-e.amount_minor`.as('chargedMinor')])
      .execute(),
    db.selectFrom('earningEntry').where('kind', '=', 'session').select('appointmentId').execute(),
  ]);
  const settled = settlements.map(({ appointmentId, chargedMinor }) => ({
    appointmentId: appointmentId!,
    chargedMinor,
  }));
  return { payments, refunds, settlements: settled, earnings };
}

async function wordsOf(db: Db): Promise<Pick<Evidence, 'timeline' | 'unhandledMessages' | 'notices'>> {
  const [timeline, unhandledMessages, notices] = await Promise.all([
    db
      .selectFrom('timelineEntry')
      .select(['appointmentId', 'kind'])
      .select([
        sql<string | null>`detail ->> 'refused'`.as('refused'),
        sql<string | null>`detail ->> 'status'`.as('status'),
      ])
      .orderBy('id')
      .execute(),
    db.selectFrom('message').where('handledAt', 'is', null).select(['id', 'appointmentId', 'kind']).execute(),
    db
      .selectFrom('notification as n')
      .innerJoin('person as p', 'p.id', 'n.recipientId')
      .select([
        'n.id',
        'n.appointmentId',
        'n.kind',
        'n.recipientId',
        'n.recipientRole as role',
        'n.channel',
        'n.status',
      ])
      .select(['n.attempts', 'n.providerRef', 'p.phone'])
      .execute(),
  ]);
  const inClear = notices.map(({ phone, ...notice }) => {
    return { ...notice, phone: phone && decryptField(db, 'person.phone', notice.recipientId, phone) };
  });
  return { timeline, unhandledMessages, notices: inClear };
}

async function vendorsOf(sandbox: string): Promise<Evidence['vendors']> {
  const read = async <T>(path: string): Promise<T> => (await (await fetch(`${sandbox}/_sandbox/${path}`)).json()) as T;
  const [payments, refunds, sms, mails] = await Promise.all([
    read<SandboxPayment[]>('payments'),
    read<SandboxRefund[]>('refunds'),
    read<{ messageId: string; to: string; body: string }[]>('sms'),
    read<ReceivedMail[]>('mail'),
  ]);
  return { payments, refunds, sms, mails: mails.map(({ messageId }) => ({ messageId })) };
}

async function openWorkflowsOf(address: string): Promise<string[]> {
  const connection = await Connection.connect({ address });
  try {
    const open: string[] = [];
    const running = new Client({ connection }).workflow.list({ query: "ExecutionStatus = 'Running'" });
    for await (const { workflowId } of running) open.push(workflowId);
    return open;
  } finally {
    await connection.close();
  }
}

/** Gathers it all, once nothing moves any more. */
export async function gatherEvidence(
  db: Db,
  { sandbox, temporalAddress }: { sandbox: string; temporalAddress: string },
  of: Pick<Evidence, 'deeds' | 'stuckIds'>,
): Promise<Evidence> {
  const [appointments, money, words, broken, ledgerBooks, vendors, openWorkflows] = await Promise.all([
    appointmentsOf(db),
    moneyOf(db),
    wordsOf(db),
    brokenRules(db),
    ledgersBooks(db),
    vendorsOf(sandbox),
    openWorkflowsOf(temporalAddress),
  ]);
  const brokenLedgerRules = broken.map((rule) => JSON.stringify(rule));
  return { ...of, appointments, ...money, ...words, brokenLedgerRules, ledgerBooks, vendors, openWorkflows };
}
