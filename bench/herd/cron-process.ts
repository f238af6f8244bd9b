import { setTimeout as sleep } from 'node:timers/promises';
import { dueStatement, onStop, openPool, readOrder, tellReady, type Due, type RivalOrder } from './rival-work.js';

/** A minute cron: once a minute it looks what is due, and works it off in batches, one statement each. */
const EVERY_MS = 60_000;
const MOST_A_BATCH = 2_500;

const order = readOrder() as RivalOrder & { firstTickAt: number };
const pool = openPool(order.databaseUrl, 2);
onStop(() => pool.end());

const DUE: Record<Due, string> = {
  t15: `select id from appointment where status = 'scheduled' and reminded_at is null
    and remind_at <= clock_timestamp() limit ${MOST_A_BATCH}`,
  t5: `select id from appointment where status = 'scheduled' and opened_at is null
    and opens_at <= clock_timestamp() limit ${MOST_A_BATCH}`,
};

async function workOff(due: Due): Promise<void> {
  for (;;) {
    const { rows } = await pool.query<{ id: string }>(DUE[due]);
    if (rows.length === 0) return;
    await pool.query(dueStatement(due), [rows.map(({ id }) => id)]);
  }
}

await tellReady(order);
for (let tickAt = order.firstTickAt; ; tickAt += EVERY_MS) {
  await sleep(Math.max(0, tickAt - Date.now()));
  await workOff('t15');
  await workOff('t5');
}
