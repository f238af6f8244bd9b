import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { sql } from 'kysely';
import { beforeAll, expect, test } from 'vitest';
import { AHEAD, LAST } from './patience.js';
import { useTestDatabase } from '../tests/support/test-db.js';
import { openDatabase } from './database.js';

const db = useTestDatabase();
beforeAll(async () => {
  await sql`create table pot (id int primary key, n int not null)`.execute(db());
  await sql`insert into pot values (1, 0), (2, 0)`.execute(db());
});

const add = (id: number) => sql`update pot set n = n + 1 where id = ${id}`;
async function pots(): Promise<number[]> {
  const { rows } = await sql<{ n: number }>`select n from pot order by id`.execute(db());
  return rows.map(({ n }) => n);
}

test('two transactions that wait for each other: PostgreSQL ends one, it is run again, both are done once', async () => {
  let runs = 0;
  const both = (first: number, second: number) =>
    db()
      .transaction()
      .execute(async (trx) => {
        runs += 1;
        await add(first).execute(trx);
        await pause(300);
        await add(second).execute(trx);
      });
  await Promise.all([both(1, 2), both(2, 1)]);
  expect(runs).toBe(3);
  expect(await pots()).toEqual([2, 2]);
});

test('serialization failures, of a single statement and at a commit, are tried again; what always fails is told', async () => {
  await sql`create sequence turn`.execute(db());
  await sql`
    create function fail_at_first() returns trigger language plpgsql as $$ begin
      if nextval('turn') % 2 = 1 or new.n < 0 then raise exception 'not now' using errcode = '40001'; end if;
      return null;
    end $$`.execute(db());
  await sql`
    create constraint trigger not_now after update on pot deferrable initially deferred
    for each row execute function fail_at_first()`.execute(db());
  const [first, second] = await pots();
  await add(1).execute(db());
  await db()
    .transaction()
    .execute((trx) => add(2).execute(trx));
  expect(await pots()).toEqual([first! + 1, second! + 1]);
  await expect(sql`update pot set n = -1`.execute(db())).rejects.toMatchObject({ code: '40001' });
});

test('what goes ahead is sent with the statement behind it: its own failure is told, and repeated where PostgreSQL asks for it', async () => {
  await sql`create sequence ahead_turn`.execute(db());
  await sql`
    create function fail_first(code text) returns int language plpgsql as $$ begin
      if nextval('ahead_turn') % 2 = 1 then raise exception 'not now' using errcode = code; end if;
      return 1;
    end $$`.execute(db());
  const ahead = (code: string) =>
    db()
      .transaction()
      .execute(async (trx) => {
        await sql`${sql.raw(AHEAD)} select fail_first(${code})`.execute(trx);
        const { rows } = await sql<{ begun: boolean }>`
          select pg_current_xact_id_if_assigned() is null and transaction_timestamp() < clock_timestamp() as begun`.execute(
          trx,
        );
        return rows;
      });
  expect(await ahead('40001')).toEqual([{ begun: true }]);
  await expect(ahead('22000')).rejects.toMatchObject({ code: '22000' });
});

test('a transaction in which nothing is said, and one that fails before it says anything, leave nothing behind', async () => {
  await db()
    .transaction()
    .execute(() => Promise.resolve());
  const failed = db()
    .transaction()
    .execute(() => Promise.reject(new Error('of its own')));
  await expect(failed).rejects.toThrow('of its own');
  const { rows } = await sql<{ open: number }>`
    select count(*)::int as open from pg_stat_activity
    where datname = current_database() and state like 'idle in transaction%'`.execute(db());
  expect(rows).toEqual([{ open: 0 }]);
});

test('a connection that is lost between two statements ends the transaction and not the process', async () => {
  const unexpected: unknown[] = [];
  const note = (error: unknown) => unexpected.push(error);
  process.on('uncaughtException', note);
  const cut = db()
    .transaction()
    .execute(async (trx) => {
      const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(trx);
      await sql`select pg_terminate_backend(${rows[0]!.pid})`.execute(db());
      await pause(300);
      await sql`select 1`.execute(trx);
    });
  await expect(cut).rejects.toThrow(/not queryable|terminated/);
  await sql`select 1`.execute(db());
  process.off('uncaughtException', note);
  expect(unexpected).toEqual([]);
});

/** A message of PostgreSQL's protocol: its type, its length, its fields. */
function message(type: string, fields: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.write(type);
  head.writeInt32BE(fields.length + 4, 1);
  return Buffer.concat([head, fields]);
}

const READY = [message('R', Buffer.from([0, 0, 0, 0])), message('Z', Buffer.from('I'))];
const POSTMASTER_DIED = message('E', Buffer.from('SFATAL\0C57P01\0Mterminating connection\0\0'));

test('a connection that is lost in the very packet that says it is ready is told of, and does not end the process', async () => {
  const unexpected: unknown[] = [];
  const note = (error: unknown) => unexpected.push(error);
  process.on('uncaughtException', note);
  const dying = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => socket.end(Buffer.concat([...READY, POSTMASTER_DIED])));
  }).listen(0, '127.0.0.1');
  await once(dying, 'listening');
  const lost = openDatabase(`postgres://anybody@127.0.0.1:${(dying.address() as AddressInfo).port}/any`);
  try {
    await expect(sql`select 1`.execute(lost)).rejects.toThrow();
    await pause(50);
    expect(unexpected).toEqual([]);
  } finally {
    process.off('uncaughtException', note);
    await lost.destroy();
    dying.close();
  }
});

test('the last statement takes the commit along: done where it worked, nothing where it or the commit failed', async () => {
  await sql`create table jar (n int not null)`.execute(db());
  await sql`insert into jar values (0)`.execute(db());
  await sql`create sequence jar_turn`.execute(db());
  await sql`
    create function fail_in_turn() returns trigger language plpgsql as $$ begin
      if nextval('jar_turn') % 2 = 1 or new.n < 0 then raise exception 'not now' using errcode = '40001'; end if;
      return null;
    end $$`.execute(db());
  await sql`
    create constraint trigger in_turn after update on jar deferrable initially deferred
    for each row execute function fail_in_turn()`.execute(db());
  let runs = 0;
  const last = (statement: ReturnType<typeof sql>) =>
    db()
      .transaction()
      .execute(async (trx) => {
        runs += 1;
        await sql`insert into pot values (${100 + runs}, 0)`.execute(trx);
        const { rows } = await sql`${sql.raw(LAST)} ${statement}`.execute(trx);
        return rows;
      });
  expect(await last(sql`update jar set n = n + 1 returning n`)).toEqual([{ n: 1 }]);
  expect(runs).toBe(2);
  await expect(last(sql`select 1 / 0`)).rejects.toMatchObject({ code: '22012' });
  await expect(last(sql`update jar set n = -1`)).rejects.toMatchObject({ code: '40001' });
  const { rows } = await sql`select (select n from jar) as n, array(select id from pot where id > 100) as kept`.execute(
    db(),
  );
  expect(rows).toEqual([{ n: 1, kept: [102] }]);
});

test('a statement behind the last one is a bug, and told', async () => {
  const behind = db()
    .transaction()
    .execute(async (trx) => {
      await sql`${sql.raw(LAST)} select 1`.execute(trx);
      await sql`select 2`.execute(trx);
    });
  await expect(behind).rejects.toThrow('after the last one');
});
