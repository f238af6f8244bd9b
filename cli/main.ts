// npm run -s cli -- <command>: see cli/program.ts for the commands.
import { ApiClient, signIn } from './api-client.js';
import { describeError } from './api-problem.js';
import { readCliConfig } from './config.js';
import { findPlaces } from './places.js';
import { createProgram } from './program.js';

async function token(name: string): Promise<string> {
  const config = readCliConfig();
  const { oidcIssuer } = await findPlaces(config);
  if (oidcIssuer === null) throw new Error('OIDC_ISSUER is missing: it signs in by name.');
  return signIn(oidcIssuer, name);
}

async function connect(name: string): Promise<ApiClient> {
  const config = readCliConfig();
  const { api } = await findPlaces(config);
  return new ApiClient(api, config.token ?? (await token(name)));
}

const program = createProgram({ token, connect, print: (text) => void process.stdout.write(`${text}\n`) });
try {
  await program.parseAsync();
} catch (error) {
  process.stderr.write(`${describeError(error)}\n`);
  process.exitCode = 1;
}
