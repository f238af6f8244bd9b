import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readCliConfig } from './config.js';
import { findPlaces, NOTHING_RUNS } from './places.js';

let emptyFolder: string;
beforeAll(async () => {
  emptyFolder = await mkdtemp(join(tmpdir(), 'punctual-cli-'));
});
afterAll(() => rm(emptyFolder, { recursive: true }));

test('addresses lose their trailing slashes; what is no address is refused by name', () => {
  expect(readCliConfig({ API_URL: 'http://127.0.0.1:3000/' })).toEqual({
    apiUrl: 'http://127.0.0.1:3000',
    oidcIssuer: null,
    token: null,
  });
  expect(() => readCliConfig({ API_URL: 'localhost:3000' })).toThrow(/API_URL is "localhost:3000"/);
  expect(() => readCliConfig({ OIDC_ISSUER: 'nowhere' })).toThrow(/OIDC_ISSUER/);
});

test('where nothing runs and nothing is set, one sentence says what to do', async () => {
  await expect(findPlaces(readCliConfig({}), emptyFolder)).rejects.toThrow(NOTHING_RUNS);
});

test('an address needs somebody who signs in, or a token', async () => {
  const api = { API_URL: 'http://127.0.0.1:3000' };
  await expect(findPlaces(readCliConfig(api), emptyFolder)).rejects.toThrow(/OIDC_ISSUER or API_TOKEN/);
  const places = await findPlaces(readCliConfig({ ...api, OIDC_ISSUER: 'http://127.0.0.1:4010/oidc' }), emptyFolder);
  expect(places).toEqual({ api: 'http://127.0.0.1:3000', oidcIssuer: 'http://127.0.0.1:4010/oidc' });
  expect(await findPlaces(readCliConfig({ ...api, API_TOKEN: 't' }), emptyFolder)).toMatchObject({ oidcIssuer: null });
});
