/** What the command line reads from its environment. Empty: it looks for the stack that runs from this folder. */
export interface CliConfig {
  /** The API's address, such as `https://api.example.com`. */
  apiUrl: string | null;
  /** The OpenID Connect issuer of a development stack. */
  oidcIssuer: string | null;
  /** A bearer token to use instead of signing in by name: the way to an API whose issuer asks for a password. */
  token: string | null;
}

/** @throws Error naming the variable that is no address. */
export function readCliConfig(env: NodeJS.ProcessEnv = process.env): CliConfig {
  return { apiUrl: readUrl(env, 'API_URL'), oidcIssuer: readUrl(env, 'OIDC_ISSUER'), token: env['API_TOKEN'] || null };
}

function readUrl(env: NodeJS.ProcessEnv, name: string): string | null {
  const text = env[name];
  if (text === undefined || text === '') return null;
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol)) {
    throw new Error(`${name} is "${text}": set it to an address that begins with http:// or https://.`);
  }
  return text.replace(/\/+$/, '');
}
