// npm run fuzz -- [--requests 50000] [--seed N]: hostile requests to a stack of its own, which ends with it.
import { spawn } from 'node:child_process';
import { parseArgs } from 'node:util';
import { projectRoot } from '../../dev/config.js';

const MOST_REQUESTS = 1_000_000;

const { values } = parseArgs({ options: { requests: { type: 'string' }, seed: { type: 'string' } } });
const whole = (name: string, text: string, most: number): string => {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > most)
    throw new Error(`--${name} is a whole number up to ${most}`);
  return String(value);
};

const env = {
  ...process.env,
  FUZZ_REQUESTS: whole('requests', values.requests ?? '50000', MOST_REQUESTS),
  FUZZ_SEED: whole('seed', values.seed ?? String((Date.now() % 1_000_000) + 1), 2 ** 31 - 1_000_000),
};
const child = spawn(process.execPath, ['dev/test.mjs', 'tests/fuzz'], { cwd: projectRoot, stdio: 'inherit', env });
child.once('exit', (code) => {
  process.exitCode = code ?? 1;
});
process.once('SIGTERM', () => child.kill('SIGTERM'));
process.on('SIGINT', () => undefined);
