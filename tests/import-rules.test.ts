import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

/** The house's rules about who imports whom, as .oxlintrc.json has them: each is shown to bite, and to let pass. */

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const run = promisify(execFile);

interface Finding {
  filename: string;
  code: string;
  message: string;
}

async function lint(folder: string, ...args: string[]): Promise<Finding[]> {
  const program = join(ROOT, 'node_modules', 'oxlint', 'bin', 'oxlint');
  const command = [program, '--config', '.oxlintrc.json', '--format', 'json', '--quiet', ...args];
  const options = { cwd: folder, maxBuffer: 64 * 1024 * 1024 };
  // It ends with 1 where it finds something, and says the same on stdout.
  const { stdout } = await run(process.execPath, command, options).catch((error: { stdout: string }) => error);
  return (JSON.parse(stdout) as { diagnostics: Finding[] }).diagnostics;
}

const importing = (...names: string[]) =>
  names.map((name, n) => `import { x as x${n} } from '${name}';\nexport const y${n} = x${n};\n`).join('');
const IMPORTS = 'eslint(no-restricted-imports)';
const GLOBALS = 'eslint(no-restricted-globals)';

/** Where it is written, what is written, and the rule that must object. */
type Violation = [path: string, text: string, rule: string];

const imports = (path: string, ...names: string[]): Violation[] =>
  names.map((name) => [path, importing(name), IMPORTS]);

const VIOLATIONS: Violation[] = [
  ...imports(
    'domain/x.ts',
    '../db/database.js',
    '../workflows/messages.js',
    'kysely',
    'zod',
    'node:crypto',
    '@temporalio/common',
  ),
  ['domain/x.ts', `import type { Db } from '../db/database.js';\nexport type X = Db;\n`, IMPORTS],
  ['domain/x.ts', 'export const now = Date.now();\n', GLOBALS],
  ['domain/x.ts', 'export const now = new Date();\n', GLOBALS],
  ['domain/x.ts', 'export const id = crypto.randomUUID();\n', GLOBALS],
  ['domain/x.ts', 'export const home = process.cwd();\n', GLOBALS],
  ['domain/x.ts', 'setTimeout(() => undefined, 1);\n', GLOBALS],
  ['domain/x.ts', 'export const luck = Math.random();\n', 'eslint(no-restricted-properties)'],
  ...imports(
    'workflows/x.ts',
    '../db/database.js',
    '../activities/index.js',
    '../providers/index.js',
    '../api/app.js',
    'node:crypto',
    'pg',
    '@temporalio/client',
    '@temporalio/worker',
    '@temporalio/activity',
  ),
  ['workflows/x.ts', `import type { Db } from '../db/database.js';\nexport type X = Db;\n`, IMPORTS],
  ['workflows/x.ts', `import type { Client } from '@temporalio/client';\nexport type X = Client;\n`, IMPORTS],
  ['workflows/x.ts', 'export const home = process.cwd();\n', GLOBALS],
  ...imports(
    'activities/x.ts',
    '../api/app.js',
    '../worker/main.js',
    '../workflows/appointment.js',
    '../sandbox/server.js',
    '../tests/support/world.js',
    '../dev/stack.js',
    '@temporalio/worker',
    '@temporalio/workflow',
    'hono',
    'kysely',
    'pg',
  ),
  ...imports(
    'providers/x.ts',
    '../db/database.js',
    '../domain/types.js',
    '../sandbox/server.js',
    '../dev/config.js',
    '@temporalio/common',
    'hono',
    'kysely',
    'pg',
  ),
  ...imports(
    'worker/x.ts',
    '../api/app.js',
    '../cli/main.js',
    '../sandbox/server.js',
    '../dev/stack.js',
    '../tests/support/world.js',
    '../workflows/appointment.js',
    '../workflows/index.js',
    '@temporalio/workflow',
    'hono',
    'pg',
  ),
  ...imports(
    'api/x.ts',
    '../activities/index.js',
    '../worker/main.js',
    '../workflows/appointment.js',
    '../workflows/index.js',
    '../sandbox/server.js',
    '../dev/stack.js',
    '../tests/support/world.js',
    '../cli/main.js',
    '@temporalio/worker',
    '@temporalio/workflow',
    '@temporalio/activity',
  ),
  ...imports(
    'api/routes/x.ts',
    '../../activities/index.js',
    '../../worker/main.js',
    '../../workflows/appointment.js',
    '../../sandbox/server.js',
    '../../dev/stack.js',
    '../../tests/support/world.js',
    '@temporalio/worker',
  ),
  ['api/routes/x.ts', `export const later = import('../../activities/index.js');\n`, IMPORTS],
  ['api/routes/x.ts', `export * from '../../activities/index.js';\n`, IMPORTS],
  ...imports(
    'db/x.ts',
    '../workflows/messages.js',
    '../providers/index.js',
    '../api/app.js',
    '../activities/index.js',
    '../tests/setup/database.js',
    '@temporalio/client',
    'hono',
    'zod',
    'node:fs',
  ),
  ...imports('db/migrations/x.ts', '../../domain/types.js', '../../workflows/messages.js', '@temporalio/client'),
  ...imports(
    'sandbox/x.ts',
    '../domain/types.js',
    '../db/database.js',
    '../providers/index.js',
    '../dev/config.js',
    '../tests/support/world.js',
    '@temporalio/client',
    'kysely',
  ),
  ...imports(
    'sandbox/stripe/x.ts',
    '../../domain/types.js',
    '../../db/database.js',
    '../../providers/index.js',
    '../../api/app.js',
  ),
  ...imports(
    'cli/x.ts',
    '../db/database.js',
    '../db/commit.js',
    '../api/app.js',
    '../activities/index.js',
    '../providers/index.js',
    '../worker/main.js',
    '../workflows/appointment.js',
    '../sandbox/server.js',
    '../tests/support/world.js',
    'kysely',
    'pg',
    'hono',
  ),
  ...imports('secrets/x.ts', '../db/database.js', '../domain/types.js', '@temporalio/client', 'kysely'),
  ...imports('dev/x.ts', '../tests/support/world.js'),
  ...imports('texts/x.ts', '../db/database.js', '../providers/types.js', '../api/app.js', 'node:crypto', 'zod'),
  ...['domain', 'db', 'api', 'api/routes', 'activities', 'providers', 'texts', 'worker', 'cli', 'sandbox'].map(
    (room): Violation => [`${room}/x.ts`, `export const home = process.env['HOME'];\n`, 'node(no-process-env)'],
  ),
  ...['domain', 'db', 'api/routes', 'workflows', 'worker'].map((room): Violation => [
    `${room}/x.ts`,
    `console.log('here');\n`,
    'eslint(no-console)',
  ]),
  ['api/x.ts', 'export const x: any = 1;\n', 'typescript(no-explicit-any)'],
  ['api/x.ts', `import { X } from './y.js';\nexport const x: X = 1;\n`, 'typescript(consistent-type-imports)'],
  ['api/x.ts', 'export const same = (a: number, b: number) => a == b;\n', 'eslint(eqeqeq)'],
  ['api/x.ts', `export function long(): void {\n${'  void 0;\n'.repeat(71)}}\n`, 'eslint(max-lines-per-function)'],
];

/** What the same rules must let pass. */
const ALLOWED: [path: string, text: string][] = [
  ['domain/ok.ts', importing('./types.js') + 'export const at = (moment: number) => Math.floor(moment);\n'],
  [
    'workflows/ok.ts',
    importing('./messages.js', '../domain/gate.js', '@temporalio/workflow', '@temporalio/common') +
      `import type { A } from '../activities/types.js';\nexport type B = A;\n`,
  ],
  [
    'activities/ok.ts',
    importing(
      '../db/commit.js',
      '../domain/gate.js',
      '../providers/types.js',
      '../workflows/messages.js',
      '../workflows/queues.js',
      '@temporalio/common',
      '@temporalio/client',
      'node:crypto',
    ),
  ],
  ['texts/ok.ts', importing('./english.js', '../domain/notifications.js', 'ical-generator')],
  ['providers/ok.ts', importing('./types.js', 'stripe', 'twilio', 'zod', 'node:crypto')],
  [
    'worker/ok.ts',
    importing(
      '../activities/index.js',
      '../db/database.js',
      '../providers/index.js',
      '../workflows/queues.js',
      '@temporalio/worker',
    ),
  ],
  [
    'api/ok.ts',
    importing(
      './errors.js',
      '../db/lists.js',
      '../domain/join.js',
      '../workflows/messages.js',
      '../providers/types.js',
      '@temporalio/client',
      'hono',
    ),
  ],
  ['api/routes/ok.ts', importing('../errors.js', './x.js', '../../db/lists.js', '../../workflows/messages.js')],
  [
    'db/ok.ts',
    importing('./database.js', './migrations/0001.js', '../domain/gate.js', '../secrets/named-keys.js', 'kysely', 'pg'),
  ],
  ['secrets/ok.ts', importing('./named-keys.js', 'node:crypto', '@temporalio/common', '@temporalio/proto')],
  ['sandbox/stripe/ok.ts', importing('../server.js', '../webhooks/send.js', 'hono')],
  [
    'cli/ok.ts',
    importing(
      './format.js',
      '../domain/types.js',
      '../dev/config.js',
      '../sandbox/credentials.js',
      '../workflows/messages.js',
    ),
  ],
  ['dev/ok.ts', importing('../db/seeds.js', '../sandbox/server.js') + `console.log(process.env['PORT']);\n`],
  ['api/config.ts', `export const port = process.env['PORT'];\n`],
  [
    'api/ok.test.ts',
    importing('../tests/support/world.js', '../sandbox/server.js') + `console.log(process.env['CI']);\n`,
  ],
];

let folder: string;
let findings: Finding[];
const fileOf = (path: string, index: number) => path.replace(/x\.ts$/, `x${index}.ts`);

beforeAll(async () => {
  const parent = join(ROOT, '.punctual');
  await mkdir(parent, { recursive: true });
  folder = await mkdtemp(join(parent, 'import-rules-'));
  await cp(join(ROOT, '.oxlintrc.json'), join(folder, '.oxlintrc.json'));
  const files = [...VIOLATIONS.map(([path, text], index) => [fileOf(path, index), text] as const), ...ALLOWED];
  for (const [path, text] of files) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
  findings = await lint(folder, '--no-ignore', ...files.map(([path]) => path));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const rulesOn = (path: string): string[] =>
  findings.filter(({ filename }) => filename === path).map(({ code }) => code);

describe('each rule bites', () => {
  test.each(VIOLATIONS.map(([path, text, rule], index) => [path, text.split('\n')[0]!, rule, fileOf(path, index)]))(
    'in %s: %s',
    (_path, _text, rule, file) => {
      expect(rulesOn(file)).toContain(rule);
    },
  );
});

test.each(ALLOWED.map(([path]) => [path]))('what the house allows passes: %s', (path) => {
  expect(rulesOn(path)).toEqual([]);
});

test('the tree keeps the rules', async () => {
  const found = await lint(ROOT);
  expect(found.map(({ filename, code, message }) => `${filename}: ${code} ${message}`)).toEqual([]);
});

test('every folder with code is a room that has rules, or is named here as one without', async () => {
  const without = ['bench', 'docs', 'tests'];
  const entries = await readdir(ROOT, { recursive: false, withFileTypes: true });
  const folders = entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith('.')).map(({ name }) => name);
  const rooms = new Set(VIOLATIONS.map(([path]) => path.split('/')[0]!));
  for (const name of folders) {
    if (['node_modules', 'dist', 'coverage'].includes(name) || without.includes(name)) continue;
    const files = await readdir(join(ROOT, name), { recursive: true });
    if (files.some((file) => /(?<!\.d)\.ts$/.test(file))) expect(rooms).toContain(name);
  }
});

test('what bench/ compares with is used by bench/ alone', async () => {
  const files = (await readdir(ROOT, { recursive: true })).filter(
    (file) => /(?<!\.d)\.m?ts$/.test(file) && !/^(node_modules|dist|coverage|bench|\.\w+)\//.test(file),
  );
  const users: string[] = [];
  for (const file of files) {
    const text = await readFile(join(ROOT, file), 'utf8');
    if (/from '(pg-boss|graphile-worker|autocannon)'/.test(text)) users.push(file);
  }
  expect(files.length).toBeGreaterThan(100);
  expect(users).toEqual([]);
});
