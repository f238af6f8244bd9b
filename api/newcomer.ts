import type { IDToken } from 'openid-client';
import { z } from 'zod';
import type { Newcomer } from '../db/people.js';
import { canonicalLocale, isKnownTimeZone } from '../domain/person-settings.js';
import { Problem } from './errors.js';
import { text } from './inputs.js';

const LONGEST_NAME = 200;
const LONGEST_ADDRESS = 254;
const address = z.email().max(LONGEST_ADDRESS);
const name = text(LONGEST_NAME);

const asText = (value: unknown): string => (typeof value === 'string' ? value : '');

/**
 * What a new client's row says, by the claims of a verified ID token. (OpenID Connect Core 1.0, 5.1)
 * @throws Problem `email_unverified` where the issuer does not vouch for an address: notices go there
 */
export function newcomerOf(claims: IDToken): Newcomer {
  const email = address.safeParse(claims['email']);
  if (!email.success || claims['email_verified'] !== true) throw new Problem('email_unverified');
  const named = [claims['name'], claims['preferred_username']].map((value) => name.safeParse(value));
  const zone = asText(claims['zoneinfo']);
  return {
    subject: claims.sub,
    name: named.find(({ success }) => success)?.data ?? email.data,
    email: email.data,
    locale: canonicalLocale(asText(claims['locale'])) ?? 'en',
    timeZone: isKnownTimeZone(zone) ? zone : 'UTC',
  };
}
