// What every npm script runs first. Plain JavaScript, because on a fresh clone nothing is installed yet.
// Nothing here writes to stdout: `npm run -s cli -- token x` must print the token and nothing else.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** The checkout's folder. */
export const projectRoot = dirname(dirname(fileURLToPath(import.meta.url)));

/**
 * The sentence that says why this Node can't run the project, or undefined when it can.
 * The range is package.json's `engines.node`: ^20.19 || ^22.12 || >=24.
 */
export function nodeVersionProblem(version) {
  const [major, minor] = version.replace(/^v/, '').split('.').map(Number);
  const fits = (major === 20 && minor >= 19) || (major === 22 && minor >= 12) || major >= 24;
  if (fits) return undefined;
  return `Punctual needs Node 20.19, 22.12, 24 or newer, and this is Node ${version.replace(/^v/, '')}: install one of them and try again.`;
}

/**
 * Whether node_modules holds every package that package-lock.json asks for, at its version.
 * npm leaves the record of what it installed in node_modules/.package-lock.json, as the last thing it writes.
 */
export function isInstalled(wanted, installed) {
  return Object.entries(wanted.packages).every(([path, entry]) => {
    if (path === '' || entry.link) return true;
    const found = installed.packages?.[path];
    if (!found) return entry.optional === true || entry.devOptional === true;
    return found.version === entry.version && found.integrity === entry.integrity;
  });
}

function readJson(path) {
  return JSON.parse(readFileSync(path, 'utf8'));
}

function needsInstall() {
  const record = join(projectRoot, 'node_modules', '.package-lock.json');
  if (!existsSync(record)) return true;
  try {
    return !isInstalled(readJson(join(projectRoot, 'package-lock.json')), readJson(record));
  } catch {
    return true;
  }
}

/** Runs `npm ci`, with its own output and a line every few seconds on stderr. */
function install() {
  const startedAt = Date.now();
  const seconds = () => Math.round((Date.now() - startedAt) / 1000);
  process.stderr.write('Installing the packages of package-lock.json (once) ...\n');
  const ticking = setInterval(() => process.stderr.write(`  still installing, ${seconds()} s\n`), 5000);
  // --loglevel: under `npm -s` the inner npm would hide its errors too. --include=dev: NODE_ENV=production omits them.
  const args = ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'];
  const npmScript = process.env.npm_execpath;
  const viaNode = npmScript?.endsWith('.js') && existsSync(npmScript);
  const command = viaNode ? process.execPath : 'npm';
  return new Promise((resolve, reject) => {
    const npm = spawn(command, viaNode ? [npmScript, ...args] : args, { cwd: projectRoot, stdio: ['ignore', 2, 2] });
    npm.once('error', reject);
    npm.once('exit', (code, signal) => {
      if (code !== 0)
        return reject(new Error(`npm ci failed (${signal ?? `exit code ${code}`}): its messages are above.`));
      process.stderr.write(`Installed in ${seconds()} s.\n`);
      resolve();
    });
  }).finally(() => clearInterval(ticking));
}

/** Checks Node and installs what is missing; ends the process with one sentence when it can't. */
export async function prepare() {
  const problem = nodeVersionProblem(process.versions.node);
  if (problem) fail(problem);
  process.chdir(projectRoot);
  if (needsInstall()) await install().catch((error) => fail(error.message));
}

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}

/** Runs a TypeScript file of the project in this process, with `process.argv` as if Node had been given it. */
export async function runTypeScript(entry, args) {
  const path = join(projectRoot, entry);
  if (!existsSync(path)) fail(`There is no ${entry} in this checkout.`);
  const { register } = await import('tsx/esm/api');
  register();
  process.argv = [process.argv[0], path, ...args];
  await import(pathToFileURL(path).href);
}
