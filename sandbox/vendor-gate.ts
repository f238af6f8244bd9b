import type { HttpBindings } from '@hono/node-server';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import type { MiddlewareHandler } from 'hono';
import type { CallLog, VendorCall, VendorName } from './calls.js';
import type { FaultRule, FaultTable } from './faults.js';
import { decodeForm } from './form.js';

/** What the gate leaves for the vendor's routes. */
export interface VendorEnv {
  Bindings: HttpBindings;
  Variables: {
    call: VendorCall;
    /** The decoded form or JSON object; empty without one. */
    fields: Record<string, unknown>;
    /** The exact body, for comparing a repeat with its first request. */
    rawBody: string;
    /** The fault to answer with, instead of doing anything. */
    injected: { status: 429 | 500; stored: boolean } | null;
  };
}

const IDEMPOTENCY_HEADERS = ['idempotency-key', 'x-refund-idempotency', 'x-payout-idempotency'];

/** Logs each request a vendor receives, decodes its body, and plays the faults that were asked for. */
export function vendorGate(provider: VendorName, calls: CallLog, faults: FaultTable): MiddlewareHandler<VendorEnv> {
  return async (c, next) => {
    const { pathname, search } = new URL(c.req.url);
    const path = pathname + search;
    const { method } = c.req;
    const rawBody = method === 'GET' || method === 'HEAD' ? '' : await c.req.text();
    const fields = decodeBody(rawBody, c.req.header('content-type') ?? '');
    const idempotencyKey = IDEMPOTENCY_HEADERS.map((name) => c.req.header(name)).find(Boolean) ?? null;
    const call = calls.record({ provider, method, path, body: rawBody ? fields : null, idempotencyKey });
    const hits = faults.take(provider, method, path);
    c.set('call', call);
    c.set('fields', fields);
    c.set('rawBody', rawBody);
    c.set('injected', injectedError(hits));
    for (const { ms } of hits) if (ms) await sleep(ms);
    const cut = () => {
      call.status = 0;
      c.env.incoming.socket.destroy();
      return RESPONSE_ALREADY_SENT;
    };
    if (hits.some(({ kind }) => kind === 'reset_before')) return cut();
    await next();
    if (hits.some(({ kind }) => kind === 'reset_after')) {
      c.res = undefined;
      c.res = cut();
      return;
    }
    call.status = c.res.status;
  };
}

function injectedError(hits: FaultRule[]): VendorEnv['Variables']['injected'] {
  const hit = hits.find(({ kind }) => kind === 'error500' || kind === 'error429');
  if (!hit) return null;
  return { status: hit.kind === 'error500' ? 500 : 429, stored: hit.kind === 'error500' && hit.stored !== false };
}

function decodeBody(text: string, contentType: string): Record<string, unknown> {
  if (!text) return {};
  if (!contentType.includes('json')) return decodeForm(text);
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
