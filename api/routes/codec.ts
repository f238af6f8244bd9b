import type { Payload } from '@temporalio/common';
import { Hono } from 'hono';
import { z } from 'zod';
import type { NamedKeys } from '../../secrets/named-keys.js';
import { EncryptingCodec, UnreadablePayload } from '../../secrets/payload-codec.js';
import { allow } from '../access.js';
import { invalid } from '../errors.js';
import type { ApiEnv } from '../services.js';

const MOST_PAYLOADS = 1_000;

/** Payloads as protobuf's JSON writes them: bytes in base64. */
const bodySchema = z.object({
  payloads: z
    .array(z.object({ metadata: z.record(z.string(), z.base64()).default({}), data: z.base64().nullish() }))
    .max(MOST_PAYLOADS),
});

type JsonPayload = z.output<typeof bodySchema>['payloads'][number];

const fromJson = ({ metadata, data }: JsonPayload): Payload => ({
  metadata: Object.fromEntries(Object.entries(metadata).map(([name, text]) => [name, Buffer.from(text, 'base64')])),
  data: Buffer.from(data ?? '', 'base64'),
});

const base64 = (bytes: Uint8Array | null | undefined): string => Buffer.from(bytes ?? []).toString('base64');

const toJson = ({ metadata, data }: Payload) => ({
  metadata: Object.fromEntries(Object.entries(metadata ?? {}).map(([name, bytes]) => [name, base64(bytes)])),
  data: base64(data),
});

/**
 * The codec endpoint of Temporal's UI and command line: shows histories in clear to admins, and writes down that it did.
 * There only where the codec is on. (https://docs.temporal.io/production-deployment/data-encryption)
 */
export function codecRoutes(keys: NamedKeys): Hono<ApiEnv> {
  const codec = new EncryptingCodec(keys);
  const works = {
    '/codec/decode': (payloads: Payload[]) => codec.decode(payloads),
    '/codec/encode': (payloads: Payload[]) => codec.encode(payloads),
  };
  const routes = new Hono<ApiEnv>();
  for (const [path, work] of Object.entries(works)) {
    routes.post(path, allow('decode_payloads'), async (c) => {
      const parsed = bodySchema.safeParse(await c.req.json().catch(() => null));
      if (!parsed.success) throw invalid('body.payloads', 'must be payloads as protobuf’s JSON writes them');
      try {
        return c.json({ payloads: (await work(parsed.data.payloads.map(fromJson))).map(toJson) });
      } catch (error) {
        if (error instanceof UnreadablePayload) throw invalid('body.payloads', error.message);
        throw error;
      }
    });
  }
  return routes;
}
