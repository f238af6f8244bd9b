/** A figure with what the project promises of it. */
export interface Target {
  name: string;
  value: number;
  /** In words, such as "<= 64". */
  target: string;
  ok: boolean;
}

/** What a table shows: a heading, the columns' names, and one row of cells a line. */
export interface ResultTable {
  title: string;
  columns: string[];
  rows: (string | number | null)[][];
}

/** What a bench found. Everything in it is printed; `runs` and `medians` go into the JSON line as they are. */
export interface BenchResult {
  tables: ResultTable[];
  /** Each measured run, both sides, in the order in which they ran. */
  runs: unknown[];
  medians: Record<string, number>;
  targets: Target[];
  /** What a reader has to know beside the figures, one sentence each. */
  notes?: string[];
  /** Settings that the figures depend on, for the JSON line. */
  settings?: Record<string, unknown>;
}

/** What a bench is given. */
export interface BenchOptions {
  /** Its own arguments, after its name and without `--json`. */
  args: string[];
  /** Tells progress, on stderr. */
  log: (line: string) => void;
}

/** A bench: `bench/<name>/main.ts` exports it as `run`. */
export type Bench = (options: BenchOptions) => Promise<BenchResult>;

/** Whether a value holds "at most" its bound. */
export function atMost(name: string, value: number, bound: number): Target {
  return { name, value, target: `<= ${bound}`, ok: value <= bound };
}

/** Whether a value holds "at least" its bound. */
export function atLeast(name: string, value: number, bound: number): Target {
  return { name, value, target: `>= ${bound}`, ok: value >= bound };
}
