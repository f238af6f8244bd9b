import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PACES } from '../../activities/notification-relay.js';
import type { BenchStack } from '../stack.js';
import { rest } from './clock.js';
import { ratePerSecond } from '../stats.js';
import type { BareMessage, SendingOrder } from './sending-process.js';

/** One SMS or e-mail as it arrived at the sandbox. */
export interface Arrival {
  /** The vendor's own name of it: the SMS's sid, the e-mail's Message-ID. */
  ref: string;
  /** Epoch ms, by this machine's clock. */
  at: number;
  message: BareMessage;
}

interface SandboxSms {
  messageId: string;
  to: string;
  body: string;
  at: string;
}

interface SandboxMail {
  messageId: string | null;
  to: string[];
  subject: string;
  text: string;
  html: string | null;
  calendars: string[];
  at: string;
}

async function read<T>(url: string): Promise<T> {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`the sandbox answered ${url} with ${answer.status}`);
  return (await answer.json()) as T;
}

/** Every SMS and e-mail that the sandbox has received, by the vendor's name of it. */
export async function readArrivals(sandboxUrl: string): Promise<Map<string, Arrival>> {
  const sms = await read<SandboxSms[]>(`${sandboxUrl}/_sandbox/sms`);
  const mails = await read<SandboxMail[]>(`${sandboxUrl}/_sandbox/mail`);
  const arrivals: Arrival[] = [
    ...sms.map(({ messageId, to, body, at }): Arrival => {
      return { ref: messageId, at: Date.parse(at), message: { channel: 'sms', to, body } };
    }),
    ...mails.map(({ messageId, to, subject, text, html, calendars, at }): Arrival => {
      const [content] = calendars;
      const message = {
        channel: 'email' as const,
        to: to[0] ?? '',
        subject,
        text,
        ...(html === null ? {} : { html }),
        calendar: content === undefined ? null : { method: 'REQUEST' as const, content },
        messageId: messageId ?? '',
      };
      return { ref: messageId ?? '', at: Date.parse(at), message };
    }),
  ];
  return new Map(arrivals.map((arrival) => [arrival.ref, arrival]));
}

/** Lets the sandbox forget what it was sent: a large herd's booking fills it with e-mails that nobody looks at. */
export async function forgetArrivals(sandboxUrl: string): Promise<void> {
  const answer = await fetch(`${sandboxUrl}/_sandbox/reset`, { method: 'POST' });
  if (!answer.ok) throw new Error(`the sandbox did not forget: ${answer.status}`);
}

/** How quickly messages reached the vendor. */
export interface SendingRate {
  count: number;
  perSecond: number;
  /** From the first to the last arrival, milliseconds. */
  tookMs: number;
}

export function sendingRateOf(arrivals: readonly Arrival[]): SendingRate {
  const times = arrivals.map(({ at }) => at);
  const tookMs = times.reduce((a, b) => Math.max(a, b), -Infinity) - times.reduce((a, b) => Math.min(a, b), Infinity);
  return { count: arrivals.length, perSecond: ratePerSecond(times, 0, 1), tookMs };
}

/** Enough for V8 to have compiled what the sandbox does with a message. */
const WARM_UP_EACH = 1_000;
const WARM_UP_PHONE = '+919810000000';

/**
 * Lets the sandbox have taken SMS and e-mails before either side is measured: it stands for vendors that have run for
 * days, and whoever comes second would find it twice as quick. @throws Error when it has no e-mail of the booking to repeat
 */
export async function warmSandboxUp(stack: Pick<BenchStack, 'startNode' | 'folder' | 'sandbox'>): Promise<void> {
  const received = [...(await readArrivals(stack.sandbox.url)).values()].map(({ message }) => message);
  const mails = received.filter((message) => message.channel === 'email').slice(-WARM_UP_EACH);
  if (mails.length === 0) throw new Error('no e-mail of the booking has reached the sandbox');
  const sms = mails.map(({ text }): BareMessage => ({ channel: 'sms', to: WARM_UP_PHONE, body: text.slice(0, 300) }));
  await sendBare(stack, [...sms, ...mails]);
}

const LONGEST_MS = 600_000;

/** As many as the relay hands over at once. */
const atOnce = (line: 'sms' | 'email'): number => PACES[line].chunks * PACES[line].rows;

/** Sends the same messages by the bare SDKs, in a process of its own with nothing else under way. */
export async function sendBare(
  stack: Pick<BenchStack, 'startNode' | 'folder' | 'sandbox'>,
  messages: readonly BareMessage[],
): Promise<SendingRate> {
  await forgetArrivals(stack.sandbox.url);
  const file = join(stack.folder, 'bare-messages.json');
  const doneFile = join(stack.folder, `bare-${Date.now()}.done`);
  await writeFile(file, JSON.stringify(messages));
  const order: SendingOrder = { file, smsAtOnce: atOnce('sms'), mailAtOnce: atOnce('email'), doneFile };
  const running = await stack.startNode({
    name: 'bare-sending',
    program: 'bench/herd/sending-process.ts',
    args: [JSON.stringify(order)],
    isReady: () => Promise.resolve(true),
  });
  const until = Date.now() + LONGEST_MS;
  let begunAt: number | null = null;
  try {
    while (begunAt === null) {
      if (Date.now() > until) throw new Error('the bare loop did not end');
      await rest(200);
      begunAt = await readFile(doneFile, 'utf8').then(
        (text) => (text === '' ? null : Number(text)),
        () => null,
      );
    }
  } finally {
    await running.stop();
  }
  const after = await readArrivals(stack.sandbox.url);
  const arrived = [...after.values()].filter(({ at }) => at >= begunAt);
  if (arrived.length !== messages.length)
    throw new Error(`of ${messages.length} bare messages ${arrived.length} arrived`);
  return sendingRateOf(arrived);
}
