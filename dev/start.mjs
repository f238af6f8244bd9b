// npm start: the whole stack, on a fresh clone too.
import { prepare, runTypeScript } from './bootstrap.mjs';

await prepare();
await runTypeScript('dev/main.ts', process.argv.slice(2));
