import type { CompiledQuery } from 'kysely';
import type { Db } from './database.js';

/** Stands for an argument while a query is compiled; no value of ours begins like this. */
const MARK = '\u0001argument:';

interface Compilable<Row> {
  compile(): CompiledQuery<Row>;
}

/**
 * A read whose text is made once and then run with arguments: building and compiling a large query costs as much as
 * everything else about it. `build` gets the arguments as placeholders and must not look into them.
 */
export function compiledRead<Argument extends string, Row>(
  names: readonly Argument[],
  build: (db: Db, placeholders: Record<Argument, string>) => Compilable<Row>,
): (db: Db, given: Record<Argument, unknown>) => Promise<Row[]> {
  let compiled: CompiledQuery<Row> | null = null;
  const placeholders = Object.fromEntries(names.map((name) => [name, MARK + name])) as Record<Argument, string>;
  return async (db, given) => {
    compiled ??= build(db, placeholders).compile();
    const parameters = compiled.parameters.map((value) =>
      typeof value === 'string' && value.startsWith(MARK) ? given[value.slice(MARK.length) as Argument] : value,
    );
    return (await db.executeQuery<Row>({ ...compiled, parameters })).rows;
  };
}
