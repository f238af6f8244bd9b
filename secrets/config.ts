import { type NamedKeys, readNamedKeys } from './named-keys.js';

/** The payload codec's keys, `TEMPORAL_CODEC_KEYS` as `id:base64,...`; null where it is off, as by default. @throws Error */
export function readCodecKeys(env: NodeJS.ProcessEnv = process.env): NamedKeys | null {
  const listed = env['TEMPORAL_CODEC_KEYS'];
  return listed ? readNamedKeys('TEMPORAL_CODEC_KEYS', listed) : null;
}
