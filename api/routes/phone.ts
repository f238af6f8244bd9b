import { randomInt } from 'node:crypto';
import { createRoute, z } from '@hono/zod-openapi';
import { makeCode, optOut, tryCode } from '../../db/phones.js';
import { canonicalPhone } from '../../domain/phone.js';
import { ProviderError } from '../../providers/types.js';
import { writeCodeSms } from '../../texts/messages.js';
import { invalid, Problem } from '../errors.js';
import { once } from '../idempotency.js';
import { optionalKey } from '../inputs.js';
import { BY_PROVIDER, postBodyProblems } from '../problem-responses.js';
import { json, jsonBody, may, newRoutes } from '../routing.js';
import { instant } from '../schemas.js';
import { hashOfSecret } from '../secrets.js';
import type { Services } from '../services.js';

const DIGITS = 6;

const ask = createRoute({
  method: 'post',
  path: '/v1/me/phone',
  operationId: 'askForPhoneCode',
  tags: ['People'],
  summary: 'Have a code sent to a telephone number by SMS',
  description: 'The number becomes yours, for SMS, once you give the code back. Until then the one before stays.',
  ...may('change_self'),
  request: {
    headers: optionalKey,
    body: jsonBody(z.object({ phone: z.string().max(40).openapi({ example: '+442079460018' }) })),
  },
  responses: {
    202: json(z.object({ expiresAt: instant }).openapi('CodeSent'), 'The code is on its way.'),
    ...postBodyProblems('too_many_codes', 'phone_opted_out', ...BY_PROVIDER),
  },
});

const verify = createRoute({
  method: 'post',
  path: '/v1/me/phone/verify',
  operationId: 'verifyPhone',
  tags: ['People'],
  summary: 'Give the code back: the number is yours',
  ...may('change_self'),
  request: {
    headers: optionalKey,
    body: jsonBody(z.object({ code: z.string().regex(/^\d{6}$/, 'must be six digits') })),
  },
  responses: {
    200: json(z.object({ verifiedAt: instant }).openapi('PhoneVerified'), 'SMS go to it from now on.'),
    ...postBodyProblems('code_wrong', 'code_over'),
  },
});

const hashOf = (id: string, code: string): string => hashOfSecret(`${id}:${code}`);

/** Twilio's words for a number that takes no SMS. */
const NO_MOBILE = new Set(['21211', '21614', '21612', '21408']);

async function sendCode({ db, providers, config }: Services, to: string, code: string, locale: string): Promise<void> {
  try {
    const body = writeCodeSms(config.site, code, locale);
    await providers.sms.sendSms({ to, body, mark: '', lookForEarlierSince: null });
  } catch (error) {
    if (!(error instanceof ProviderError)) throw error;
    if (NO_MOBILE.has(error.code)) throw invalid('body.phone', 'takes no SMS');
    if (error.code !== '21610') throw error;
    await optOut(db, to);
    throw new Problem('phone_opted_out');
  }
}

export const phoneRoutes = (services: Services) =>
  newRoutes()
    .openapi(ask, async (c) => {
      const phone = canonicalPhone(c.req.valid('json').phone);
      if (phone === null) throw invalid('body.phone', 'must be a number as +<country><number>');
      const { id: personId, locale } = c.get('caller');
      const { body } = await once(c, services, {
        input: { phone },
        async work({ resourceId }) {
          const code = String(randomInt(10 ** DIGITS)).padStart(DIGITS, '0');
          const made = { id: resourceId, personId, phone, codeHash: hashOf(resourceId, code) };
          const expiresAt = await makeCode(services.db, made);
          if (expiresAt === null) throw new Problem('too_many_codes');
          await sendCode(services, phone, code, locale);
          return { status: 202, body: { expiresAt: expiresAt.toISOString() } };
        },
      });
      return c.json(body, 202);
    })
    .openapi(verify, async (c) => {
      const { code } = c.req.valid('json');
      const { body } = await once(c, services, {
        input: { code },
        minted: false,
        async work() {
          const verdict = await tryCode(services.db, c.get('caller').id, (id) => hashOf(id, code));
          if (!verdict.verified) throw new Problem(verdict.why === 'wrong' ? 'code_wrong' : 'code_over');
          return { status: 200, body: { verifiedAt: verdict.at.toISOString() } };
        },
      });
      return c.json(body, 200);
    });
