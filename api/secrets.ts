import { createHash, randomBytes } from 'node:crypto';

const BYTES = 32;

/** 256 random bits, for a cookie or a token: what can't be guessed needs no slow hash. */
export const randomSecret = (): string => randomBytes(BYTES).toString('base64url');

/** What is kept of a secret. */
export const hashOfSecret = (secret: string): string => createHash('sha256').update(secret).digest('hex');
