// npm run bench -- <name> [options] [--json]: measures, and compares with what the same work costs without us.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { inspect } from 'node:util';
import { sayOnStderr } from '../dev/progress.js';
import { describeMachine } from './machine.js';
import { resultText } from './print.js';
import type { Bench } from './result.js';

const folder = import.meta.dirname;

function benchNames(): string[] {
  return readdirSync(folder).filter((name) => existsSync(join(folder, name, 'main.ts')));
}

async function main([name = '', ...given]: string[]): Promise<void> {
  if (!benchNames().includes(name)) {
    process.stderr.write(`Usage: npm run bench -- <name> [options] [--json]\nNames: ${benchNames().join(', ')}\n`);
    process.exitCode = 2;
    return;
  }
  const args = given.filter((arg) => arg !== '--json');
  const path = join(folder, name, 'main.ts');
  const { run } = (await import(pathToFileURL(path).href)) as { run: Bench };
  const startedAt = new Date();
  const result = await run({ args, log: sayOnStderr });
  const machine = await describeMachine();
  process.stdout.write(`${resultText(result)}\n\n`);
  const { cores, node, postgres, temporalServer, temporalSdk } = machine;
  process.stdout.write(
    `${cores} cores, Node ${node}, PostgreSQL ${postgres}, Temporal server ${temporalServer}, SDK ${temporalSdk}\n`,
  );
  if (!given.includes('--json')) return;
  const { runs, medians, targets, settings } = result;
  const seconds = Math.round((Date.now() - startedAt.getTime()) / 1000);
  const line = { bench: name, date: startedAt.toISOString(), seconds, args, machine, settings, runs, medians, targets };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${inspect(error)}\n`); // with its causes
  process.exitCode = 1;
}
