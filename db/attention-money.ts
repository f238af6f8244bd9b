import { sql } from 'kysely';

/** The id of the object that an event is about: Stripe's, else Razorpay's payment or order. */
const OBJECT_ID = sql`coalesce(payload #>> '{data,object,id}', payload #>> '{payload,dispute,entity,id}',
  payload #>> '{payload,payment,entity,id}', payload #>> '{payload,order,entity,id}', payload ->> 'providerRef')`;

/** Events by which money arrives at a provider; of a payment with several, one is listed. */
const ARRIVALS = sql`('payment_intent.succeeded', 'payment.captured', 'order.paid', 'sweep.unknown_payment')`;

/** Money that waits for somebody: db/attention.ts says what each query has to select. */
export const MONEY_QUERIES = {
  money_unknown: {
    remedy:
      'Find the payment at the provider: refund it there if it is nobody’s, else ask the developers to assign it.',
    query: sql`
      select distinct on (provider, ${OBJECT_ID}) provider || ':' || event_id as id, null::uuid as appointment_id,
        received_at as since, jsonb_build_object('provider', provider, 'event', type, 'object', ${OBJECT_ID}) as detail
      from provider_event
      where handled_at is null and provider <> 'twilio' and payment_id is null and type in ${ARRIVALS}
        and received_at < clock_timestamp() - interval '5 minutes'
      order by provider, ${OBJECT_ID}, received_at`,
  },
  provider_event_unhandled: {
    remedy: 'Look the object up at the provider, and send the event again from the provider’s dashboard.',
    query: sql`
      select e.provider || ':' || e.event_id as id, p.appointment_id, e.received_at as since,
        jsonb_build_object('provider', e.provider, 'event', e.type, 'object', ${OBJECT_ID}, 'paymentId', e.payment_id) as detail
      from provider_event e left join payment p on p.id = e.payment_id
      where e.handled_at is null and e.provider <> 'twilio' and e.received_at < clock_timestamp() - interval '5 minutes'
        and (e.type like '%refund%' and e.payment_id is not null or e.type like 'charge.dispute.%' or e.type like 'payment.dispute.%'
          or e.type in ('payment_intent.processing', 'payment_intent.payment_failed', 'payment_intent.canceled',
            'payment.authorized', 'payment.failed'))`,
  },
  refund_pending: {
    remedy: 'See that the relay and the payments worker run, and what the provider says of the refund.',
    query: sql`
      select r.id::text, r.appointment_id, r.created_at as since,
        jsonb_build_object('status', r.status, 'amountMinor', r.amount_minor, 'currency', r.currency,
          'paymentId', r.payment_id, 'providerRef', r.provider_ref, 'failureCode', r.failure_code) as detail
      from refund r
      where r.destination = 'source' and (
        r.status = 'pending' and r.created_at < clock_timestamp() - interval '10 minutes'
        or r.status = 'processing' and r.created_at < clock_timestamp() - interval '7 days')`,
  },
  refund_refused: {
    remedy:
      'The money is on the client’s wallet and the client was told; agree with the client on another way if asked.',
    query: sql`
      select r.id::text, r.appointment_id, coalesce(r.completed_at, r.created_at) as since,
        jsonb_build_object('amountMinor', r.amount_minor, 'currency', r.currency, 'paymentId', r.payment_id,
          'clientId', r.client_id, 'failureCode', r.failure_code) as detail
      from refund r
      where r.status = 'refused' and coalesce(r.completed_at, r.created_at) > clock_timestamp() - interval '30 days'`,
  },
  refund_foreign: {
    remedy: 'Somebody refunded at the provider: book it by hand (docs/money.md), and refund here from now on.',
    query: sql`
      select f.provider || ':' || f.provider_ref as id, p.appointment_id, f.seen_at as since,
        jsonb_build_object('paymentId', f.payment_id, 'amountMinor', f.amount_minor, 'currency', f.currency) as detail
      from foreign_refund f join payment p on p.id = f.payment_id
      where f.resolved_at is null`,
  },
  payable_negative: {
    remedy: 'Later earnings repay it; if there will be none, settle it with the therapist.',
    query: sql`
      select a.code as id, null::uuid as appointment_id, coalesce(e.at, clock_timestamp()) as since,
        jsonb_build_object('therapistId', a.owner_id, 'amountMinor', a.balance_minor, 'currency', a.currency) as detail
      from account a left join lateral (${lastMove()}) e on true
      where a.kind = 'therapist_payable' and a.balance_minor < 0`,
  },
  client_receivable: {
    remedy: 'The client spent money that a bank took back: ask for it, or write it off.',
    query: sql`
      select a.code as id, null::uuid as appointment_id, coalesce(e.at, clock_timestamp()) as since,
        jsonb_build_object('clientId', a.owner_id, 'amountMinor', -a.balance_minor, 'currency', a.currency) as detail
      from account a left join lateral (${lastMove()}) e on true
      where a.kind = 'client_receivable' and a.balance_minor <> 0`,
  },
};

/** When an account last moved. */
function lastMove() {
  return sql`
    select t.at from ledger_entry x join ledger_transaction t on t.id = x.transaction_id
    where x.account = a.code order by x.id desc limit 1`;
}

const DISPUTE_DETAIL = sql`jsonb_build_object('provider', d.provider, 'providerRef', d.provider_ref,
  'status', d.status, 'amountMinor', d.amount_minor, 'currency', d.currency, 'countedMinor', d.counted_minor,
  'reason', d.reason, 'evidenceDueAt', d.evidence_due_at, 'paymentId', d.payment_id)`;

export const DISPUTE_QUERIES = {
  dispute_open: {
    remedy: 'Give evidence at the provider before evidenceDueAt, or accept the dispute there.',
    query: sql`
      select d.id::text, p.appointment_id, d.opened_at as since, ${DISPUTE_DETAIL} as detail
      from dispute d join payment p on p.id = d.payment_id
      where d.status in ('inquiry', 'open')`,
  },
  dispute_uncovered: {
    remedy:
      'The bank claims more than the payment still has: show it the refund as evidence; what it keeps is to be booked by hand.',
    query: sql`
      select d.id::text, p.appointment_id, d.opened_at as since, ${DISPUTE_DETAIL} as detail
      from dispute d join payment p on p.id = d.payment_id
      where d.status in ('open', 'lost') and d.counted_minor < d.amount_minor`,
  },
};
