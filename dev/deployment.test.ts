import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { projectRoot, readDevConfig } from './config.js';
import { addressesOf, productEnvironment } from './environment.js';
import { searchAttributes } from './temporal-attributes.js';
import { throwawayKeys } from './throwaway-keys.js';

interface Service {
  command?: string[];
  environment?: Record<string, string>;
  depends_on?: Record<string, { condition: string }>;
  healthcheck?: object;
  ports?: string[];
  restart?: string;
  stop_grace_period?: string;
}

let services: Record<string, Service>;
beforeAll(async () => {
  const text = await readFile(join(projectRoot, 'docker-compose.yml'), 'utf8');
  services = (parse(text, { merge: true }) as { services: Record<string, Service> }).services;
});

const product = ['migrations', 'api', 'worker'];

describe('docker-compose.yml', () => {
  test('gives the product every variable that the development stack gives it', () => {
    const found = { databaseUrl: '', temporalAddress: '' };
    const config = readDevConfig({});
    const given = productEnvironment(config, addressesOf(config.ports, found), throwawayKeys);
    // The vendors' own addresses are the default: only the sandbox needs another.
    const wanted = Object.keys(given).filter((name) => !name.endsWith('_API_URL'));
    for (const name of product)
      expect(Object.keys(services[name]?.environment ?? {})).toEqual(expect.arrayContaining(wanted));
  });

  test('never speeds time up and always runs as production', () => {
    for (const name of product) {
      expect(services[name]?.environment).toMatchObject({ NODE_ENV: 'production' });
      expect(services[name]?.environment).not.toHaveProperty('MINUTE_MS');
    }
  });

  test('holds no secret: each password, key and token must be given; a public client at the issuer has none', () => {
    const entries = Object.values(services).flatMap((service) => Object.entries(service.environment ?? {}));
    const secrets = entries.filter(([name]) => /PASSWORD|PWD|SECRET|TOKEN|_KEY|KEY_/.test(name));
    expect(secrets.length).toBeGreaterThan(10);
    for (const [name, value] of secrets)
      expect(value, name).toMatch(name === 'OIDC_CLIENT_SECRET' ? /^\$\{\w+:-\}$/ : /^\$\{\w+:\?[^}]+\}$/);
  });

  test('waits by health or by completion, and whatever is waited for by health has a check', () => {
    for (const [name, service] of Object.entries(services)) {
      for (const [needed, { condition }] of Object.entries(service.depends_on ?? {})) {
        expect(['service_healthy', 'service_completed_successfully'], `${name} on ${needed}`).toContain(condition);
        if (condition === 'service_healthy') expect(services[needed]?.healthcheck, needed).toBeDefined();
        else expect(services[needed]?.restart, needed).toBe('no');
      }
    }
  });

  test('lets the worker drain, and runs node itself so that signals reach it', () => {
    expect(services['worker']?.stop_grace_period).toBe('60s');
    for (const name of product) expect(services[name]?.command?.[0]).toBe('node');
  });

  test('publishes nothing to other machines unless it is told to', () => {
    const published = Object.values(services).flatMap((service) => service.ports ?? []);
    expect(published.length).toBe(2);
    for (const port of published) expect(port).toMatch(/^(127\.0\.0\.1|\$\{API_BIND:-127\.0\.0\.1\}):/);
  });
});

test('the namespace set-up registers the search attributes of the development server', async () => {
  const script = await readFile(join(projectRoot, 'deploy', 'temporal-namespace.sh'), 'utf8');
  const pairs = [...script.matchAll(/--name (\w+) --type (\w+)/g)].map(([, name, kind]) => [name, kind]);
  expect(Object.fromEntries(pairs)).toEqual(searchAttributes);
});
