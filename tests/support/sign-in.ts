import { oidcCredentials } from '../../sandbox/credentials.js';

/** An access token of the sandbox's OpenID provider for a person's subject. */
export async function signIn(issuer: string, subject: string): Promise<string> {
  const { cliClientId, signInGrantType } = oidcCredentials;
  const body = new URLSearchParams({ grant_type: signInGrantType, client_id: cliClientId, sign_in: subject });
  const answer = (await (await fetch(`${issuer}/token`, { method: 'POST', body })).json()) as { access_token: string };
  return answer.access_token;
}
