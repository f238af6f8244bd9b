/** Tells what is being done: one line a call. */
export type Say = (line: string) => void;

/** Progress goes to stderr, so that stdout keeps to what a command prints. */
export const sayOnStderr: Say = (line) => void process.stderr.write(`${line}\n`);

/** Does `work`, and says every few seconds that it still goes on once it has taken longer than two. */
export async function withProgress<T>(what: string, say: Say, work: () => Promise<T>): Promise<T> {
  const startedAt = Date.now();
  const seconds = () => Math.round((Date.now() - startedAt) / 1000);
  const tick = () => {
    say(`  ${what} ... ${seconds()} s`);
    timer = setTimeout(tick, 5_000);
  };
  let timer = setTimeout(tick, 2_000);
  try {
    return await work();
  } finally {
    clearTimeout(timer);
  }
}
