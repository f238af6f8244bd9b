// npm test: every test, or those whose path holds what is given (`npm test -- domain`).
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { prepare, projectRoot, runTypeScript } from './bootstrap.mjs';

// Before a file of ours runs in this process with arguments of its own.
const given = process.argv.slice(2);
await prepare();
// Here and not in vitest's own set-up: a first build takes minutes and shows its progress undisturbed.
await runTypeScript('dev/ensure-temporal.ts', []);

const vitest = join(projectRoot, 'node_modules', 'vitest', 'vitest.mjs');
const child = spawn(process.execPath, [vitest, 'run', ...given], {
  cwd: projectRoot,
  stdio: 'inherit',
});
// A terminal's Ctrl-C reaches vitest by itself; a signal sent to this process alone does not.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => child.kill('SIGTERM'));
child.once('exit', (code, signal) => process.exit(signal ? 1 : (code ?? 1)));
