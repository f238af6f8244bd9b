import { sql } from 'kysely';
import type { Db } from '../../db/database.js';
import { historyToJson, payloadsOf, toHistory } from '../support/histories.js';
import type { World } from '../support/world.js';

/** Everything that Temporal keeps of a world's workflows, payloads decoded. */
export async function wholeHistories(world: World): Promise<{ workflows: number; text: string }> {
  const texts: string[] = [];
  let workflows = 0;
  for await (const { workflowId, runId } of world.temporal.workflow.list({
    query: `TaskQueue = "${world.taskQueue}"`,
  })) {
    const handle = world.temporal.workflow.getHandle(workflowId, runId);
    const json = historyToJson(toHistory(await handle.fetchHistory()));
    const { raw } = await handle.describe();
    const described = JSON.stringify(raw);
    texts.push(workflowId, json, payloadsOf(json), described, payloadsOf(described));
    workflows += 1;
  }
  return { workflows, text: texts.join('\n') };
}

/** Every row of every table as text, by table. */
export async function wholeDatabase(db: Db): Promise<Record<string, string>> {
  const { rows: tables } = await sql<{ name: string }>`
    select table_name as name from information_schema.tables where table_schema = 'public'`.execute(db);
  const texts: Record<string, string> = {};
  for (const { name } of tables) {
    const { rows } = await sql<{ row: string }>`select to_jsonb(t)::text as "row" from ${sql.table(name)} t`.execute(
      db,
    );
    texts[name] = rows.map(({ row }) => row).join('\n');
  }
  return texts;
}
