import { exportJWK, generateKeyPair, type JWK } from 'jose';
import { randomText } from '../ids.js';
import type { Store } from '../store.js';

interface Keys {
  jwks: { keys: JWK[] };
  cookieKeys: string[];
}

/** The provider's signing and cookie keys: made once, the same over restarts, so that issued tokens stay valid. */
export async function oidcKeys(store: Store): Promise<Keys> {
  const kept = store.collection<Keys>('oidc_keys');
  const existing = kept.get('current');
  if (existing) return existing;
  const { privateKey } = await generateKeyPair('RS256', { extractable: true });
  const jwk: JWK = { ...(await exportJWK(privateKey)), kid: `sandbox-${randomText(8)}`, alg: 'RS256', use: 'sig' };
  return kept.put('current', { jwks: { keys: [jwk] }, cookieKeys: [randomText(32)] });
}
