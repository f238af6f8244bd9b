import type { BenchResult, ResultTable, Target } from './result.js';

/** A number as people read it: three digits that tell, and whole ones from a hundred on. */
export function figure(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  if (Number.isInteger(value)) return String(value);
  const size = Math.abs(value);
  return value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : size >= 0.1 ? 2 : 4);
}

function cellText(cell: string | number | null): string {
  return cell === null ? '-' : typeof cell === 'number' ? figure(cell) : cell;
}

/** Columns two spaces apart; a column that holds numbers is right-aligned. */
export function tableText({ title, columns, rows }: ResultTable): string {
  const texts = [columns, ...rows.map((row) => row.map(cellText))];
  const widths = columns.map((_, at) => Math.max(...texts.map((row) => (row[at] ?? '').length)));
  const isNumeric = columns.map((_, at) => rows.some((row) => typeof row[at] === 'number'));
  const lines = texts.map((row) =>
    columns
      .map((_, at) => (isNumeric[at] ? (row[at] ?? '').padStart(widths[at]!) : (row[at] ?? '').padEnd(widths[at]!)))
      .join('  ')
      .trimEnd(),
  );
  const rule = widths.map((width) => '-'.repeat(width)).join('  ');
  return [title, ...lines.slice(0, 1), rule, ...lines.slice(1)].join('\n');
}

function targetsTable(targets: readonly Target[]): ResultTable {
  const rows = targets.map(({ name, value, target, ok }) => [name, value, target, ok ? 'holds' : 'MISSED']);
  return { title: 'Targets', columns: ['what', 'is', 'should be', ''], rows };
}

/** All that a bench found, as text for people. */
export function resultText({ tables, targets, notes = [] }: BenchResult): string {
  const all = targets.length > 0 ? [...tables, targetsTable(targets)] : tables;
  return [...all.map(tableText), ...(notes.length > 0 ? [notes.map((note) => `- ${note}`).join('\n')] : [])].join(
    '\n\n',
  );
}
