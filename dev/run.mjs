// node dev/run.mjs <entry.ts> [arguments]: one TypeScript file of the project, on a fresh clone too.
import { prepare, runTypeScript } from './bootstrap.mjs';

const [entry, ...args] = process.argv.slice(2);
if (!entry) {
  process.stderr.write('Usage: node dev/run.mjs <entry.ts> [arguments]\n');
  process.exit(2);
}
await prepare();
await runTypeScript(entry, args);
