import { execFile } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { isInstalled, nodeVersionProblem, projectRoot } from './bootstrap.mjs';

describe('the Node version', () => {
  test.each(['20.19.0', '20.20.2', '22.12.0', '24.0.0', '25.1.0', 'v24.1.0'])('%s will do', (version) => {
    expect(nodeVersionProblem(version)).toBeUndefined();
  });

  test.each(['18.20.4', '20.18.3', '21.7.0', '22.11.0', '23.5.0'])('%s is told in one sentence', (version) => {
    expect(nodeVersionProblem(version)).toMatch(new RegExp(`^[^\\n]+this is Node ${version}: [^\\n]+\\.$`));
  });
});

describe('what is installed', () => {
  const hono = { version: '4.13.19', integrity: 'sha512-a' };
  const wanted = { packages: { '': { version: '0.1.0' }, 'node_modules/hono': hono } };

  test('is enough when each package is there at its version', () => {
    expect(isInstalled(wanted, { packages: { 'node_modules/hono': hono } })).toBe(true);
  });

  test('is not enough when a package is absent, of another version or another make', () => {
    expect(isInstalled(wanted, { packages: {} })).toBe(false);
    expect(isInstalled(wanted, {})).toBe(false);
    expect(isInstalled(wanted, { packages: { 'node_modules/hono': { ...hono, version: '4.0.0' } } })).toBe(false);
    expect(isInstalled(wanted, { packages: { 'node_modules/hono': { ...hono, integrity: 'sha512-b' } } })).toBe(false);
  });

  test("may lack another platform's optional package, and never a required one", () => {
    const mac = { version: '18.4.0', integrity: 'sha512-m' };
    const packages = (entry: object) => ({
      packages: { ...wanted.packages, 'node_modules/mac': { ...mac, ...entry } },
    });
    const installed = { packages: { 'node_modules/hono': hono } };
    expect(isInstalled(packages({ optional: true }), installed)).toBe(true);
    expect(isInstalled(packages({}), installed)).toBe(false);
  });
});

test('a command gets its arguments, has stdout to itself, and its exit code is kept', async () => {
  const args = ['dev/run.mjs', 'dev/fixtures/arguments.ts', 'token', '--json', 'a b'];
  const { code, stdout, stderr } = await new Promise<{ code: unknown; stdout: string; stderr: string }>((resolve) => {
    execFile(process.execPath, args, { cwd: projectRoot }, (error, out, err) => {
      resolve({ code: error?.code, stdout: out, stderr: err });
    });
  });
  expect(stdout).toBe('["token","--json","a b"]\n');
  expect(stderr).toBe('');
  expect(code).toBe(3);
});
