import { sql } from 'kysely';
import type { Db, Trx } from './database.js';
import type { JsonObject } from './json.js';
import { LEDGER_RULES, type LedgerRule } from './ledger-rules.js';

/** One invariant and what breaks it: ids and sums in minor units, at most `MOST_DETAILS`. */
export interface RuleResult {
  rule: LedgerRule;
  ok: boolean;
  detail: JsonObject[];
}

/** Enough to see what is wrong; the first repair is followed by another check. */
const MOST_DETAILS = 50;
/** The check reads every entry there is. */
const TIMEOUT_MS = 300_000;

/** Proves every invariant as of the transaction's snapshot. */
export async function checkRules(trx: Trx): Promise<RuleResult[]> {
  const results: RuleResult[] = [];
  for (const [rule, broken] of Object.entries(LEDGER_RULES)) {
    const { rows } = await sql<{ found: JsonObject }>`
      select to_jsonb(broken) as found from (${broken}) broken limit ${MOST_DETAILS}`.execute(trx);
    results.push({ rule: rule as LedgerRule, ok: rows.length === 0, detail: rows.map(({ found }) => found) });
  }
  return results;
}

/** Proves the invariants of the money on one read-only snapshot: what moves meanwhile is not seen in part. */
export function checkLedger(db: Db): Promise<RuleResult[]> {
  return db
    .transaction()
    .setIsolationLevel('repeatable read')
    .setAccessMode('read only')
    .execute(async (trx) => {
      await sql`set local statement_timeout = ${sql.lit(TIMEOUT_MS)}`.execute(trx);
      return checkRules(trx);
    });
}
