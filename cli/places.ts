import { join } from 'node:path';
import { projectRoot } from '../dev/config.js';
import type { StackAddresses } from '../dev/environment.js';
import { findRunningStack } from '../dev/stack-record.js';
import type { CliConfig } from './config.js';

/** Where the API is, and who signs people in; null where only a ready token can be used. */
export interface Places {
  api: string;
  oidcIssuer: string | null;
}

export const NOTHING_RUNS = 'Nothing is running: start the stack with "npm start", or set API_URL and OIDC_ISSUER.';

/** The folder in which a stack of this checkout keeps its data and its record. */
export const dataDir = join(projectRoot, '.punctual');

/** The stack that runs from this folder, or null. */
export async function runningStack(folder = dataDir): Promise<StackAddresses | null> {
  return (await findRunningStack(folder)) ?? null;
}

/** By API_URL and OIDC_ISSUER, else the running stack. @throws Error with one sentence when there is neither. */
export async function findPlaces(config: CliConfig, folder = dataDir): Promise<Places> {
  const { apiUrl, oidcIssuer, token } = config;
  if (apiUrl !== null) {
    if (oidcIssuer === null && token === null)
      throw new Error('API_URL is set, and OIDC_ISSUER or API_TOKEN is missing beside it.');
    return { api: apiUrl, oidcIssuer };
  }
  const stack = await runningStack(folder);
  if (stack === null) throw new Error(NOTHING_RUNS);
  return { api: stack.api, oidcIssuer: oidcIssuer ?? stack.oidcIssuer };
}
