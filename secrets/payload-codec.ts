import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import type { DataConverter, Payload, PayloadCodec } from '@temporalio/common';
import proto from '@temporalio/proto';
import type { NamedKeys } from './named-keys.js';

const { Payload: PayloadMessage } = proto.temporal.api.common.v1;

const ENCODING = 'binary/encrypted';
const KEY_ID = 'encryption-key-id';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

const bytes = (text: string): Uint8Array => Buffer.from(text, 'utf8');
const textOf = (value: Uint8Array | null | undefined): string => Buffer.from(value ?? []).toString('utf8');

/** A payload can't be opened: changed, or its key is gone. */
export class UnreadablePayload extends Error {
  override readonly name = 'UnreadablePayload';
}

/**
 * Encrypts what workflows and activities are given and answer with, so that Temporal's server and its database keep
 * ciphertext alone. What is in clear (histories from before it was switched on) is read as it is.
 */
export class EncryptingCodec implements PayloadCodec {
  constructor(private readonly keys: NamedKeys) {}

  encode(payloads: Payload[]): Promise<Payload[]> {
    return Promise.resolve(payloads.map((payload) => this.seal(payload)));
  }

  /** @throws UnreadablePayload */
  async decode(payloads: Payload[]): Promise<Payload[]> {
    return Promise.resolve(payloads.map((payload) => this.open(payload)));
  }

  private seal(payload: Payload): Payload {
    const { id, key } = this.keys.current;
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(bytes(`${ENCODING}\n${id}`));
    const sealed = Buffer.concat([cipher.update(PayloadMessage.encode(payload).finish()), cipher.final()]);
    return {
      metadata: { encoding: bytes(ENCODING), [KEY_ID]: bytes(id) },
      data: Buffer.concat([nonce, cipher.getAuthTag(), sealed]),
    };
  }

  private open(payload: Payload): Payload {
    if (textOf(payload.metadata?.['encoding']) !== ENCODING) return payload;
    const id = textOf(payload.metadata?.[KEY_ID]);
    const key = this.keys.find(id);
    if (key === undefined) throw new UnreadablePayload(`there is no codec key "${id}"`);
    const data = payload.data ?? new Uint8Array();
    const tagEnd = NONCE_BYTES + TAG_BYTES;
    if (data.length < tagEnd) throw new UnreadablePayload('a payload is cut off');
    const decipher = createDecipheriv('aes-256-gcm', key, data.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES });
    decipher.setAAD(bytes(`${ENCODING}\n${id}`)).setAuthTag(data.subarray(NONCE_BYTES, tagEnd));
    try {
      return PayloadMessage.decode(Buffer.concat([decipher.update(data.subarray(tagEnd)), decipher.final()]));
    } catch {
      throw new UnreadablePayload('a payload was changed');
    }
  }
}

/** The module by which failures are sealed too, `.ts` in development and `.js` once compiled. */
export const sealedFailuresPath = fileURLToPath(
  new URL(`./sealed-failures.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url),
);

/** For clients and workers alike: `{}` while the codec is off. */
export function codecOptions(keys: NamedKeys | null): { dataConverter?: DataConverter } {
  if (keys === null) return {};
  return { dataConverter: { payloadCodecs: [new EncryptingCodec(keys)], failureConverterPath: sealedFailuresPath } };
}
