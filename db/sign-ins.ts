import { sql } from 'kysely';
import type { Db } from './database.js';

/** What a sign-in under way must bring back from the issuer, and where it leads. */
export interface SignIn {
  state: string;
  nonce: string;
  codeVerifier: string;
  returnTo: string;
}

const OPEN_FOR_MINUTES = 10;

/** Keeps a sign-in for ten minutes under its cookie's hash. */
export async function keepSignIn(db: Db, secretHash: string, signIn: SignIn): Promise<void> {
  await sql`
    insert into sign_in (secret_hash, state, nonce, code_verifier, return_to, expires_at)
    values (${secretHash}, ${signIn.state}, ${signIn.nonce}, ${signIn.codeVerifier}, ${signIn.returnTo},
      clock_timestamp() + ${OPEN_FOR_MINUTES} * interval '1 minute')`.execute(db);
}

/** Takes a sign-in out: it can be finished once. Null for one that is over or was never begun. */
export async function takeSignIn(db: Db, secretHash: string): Promise<SignIn | null> {
  const row = await db
    .deleteFrom('signIn')
    .where('secretHash', '=', secretHash)
    .returning([
      'state',
      'nonce',
      'codeVerifier',
      'returnTo',
      sql<boolean>`expires_at > clock_timestamp()`.as('isOpen'),
    ])
    .executeTakeFirst();
  if (row === undefined || !row.isOpen) return null;
  const { isOpen: _isOpen, ...signIn } = row;
  return signIn;
}
