import { sql, type Kysely } from 'kysely';

/** SQL's twin of domain/advance.ts: the status of an appointment as of a moment. A property test proves them equal. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create function appointment_now(a appointment, at timestamptz, out status text, out deciding boolean)
    language sql stable as $$
      with opened as (
        select case
          when a.status = 'scheduled' and a.paid_at is not null and a.activated_at is not null
            and a.opened_at is null and a.opens_at <= at then 'confirmed'
          else a.status end as status
      ), begun as (
        select case
          when status = 'confirmed' and least(a.client_joined_at, a.therapist_joined_at) <= at then 'in_progress'
          else status end as status
        from opened
      )
      select
        case
          when status = 'scheduled' and a.paid_at is not null and a.activated_at is null and a.activate_by <= at
            and not activation.pending then 'expired'
          when status in ('confirmed', 'in_progress') and a.ends_at <= at
            and a.client_came_at is not null and a.therapist_came_at is not null then 'completed'
          else status
        end,
        case
          when status = 'scheduled' and a.paid_at is null then a.pay_by <= at
          when status = 'scheduled' and a.activated_at is null then a.activate_by <= at and activation.pending
          when status in ('confirmed', 'in_progress') then
            a.ends_at <= at and (a.client_came_at is null or a.therapist_came_at is null)
          else false
        end
      from begun, lateral (
        select begun.status = 'scheduled' and a.activate_by <= at and exists (
          select 1 from message m
          where m.appointment_id = a.id and m.kind = 'activate' and m.handled_at is null and m.received_at <= a.activate_by
        ) as pending
      ) activation
    $$`.execute(db);
}
