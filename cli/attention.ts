import pc from 'picocolors';
import type { ApiClient } from './api-client.js';
import type { Print } from './appointments.js';
import { instant, money, table } from './format.js';

/** What is stuck, as the API answers. */
export interface AttentionView {
  items: {
    kind: string;
    id: string;
    appointmentId: string | null;
    since: string;
    detail: Record<string, unknown>;
    remedy: string;
  }[];
  /** Kinds of which there are more than are listed. */
  more: string[];
}

const words = (name: string): string => name.replaceAll('_', ' ');

/** The facts of an item in one line: money as people read it, what is absent left out. */
function facts({ amountMinor, currency, ...rest }: Record<string, unknown>): string {
  const sum = typeof amountMinor === 'number' && typeof currency === 'string' ? [money(amountMinor, currency)] : [];
  const others = Object.entries(rest)
    .filter(([, value]) => value !== null)
    .map(([name, value]) => `${name} ${typeof value === 'string' ? value : JSON.stringify(value)}`);
  return [...sum, ...others].join(', ');
}

/** Kind by kind what is stuck, and beneath it what to do. */
export async function showAttention(api: ApiClient, options: { json?: boolean }, print: Print): Promise<void> {
  const attention = await api.get<AttentionView>('/v1/admin/attention');
  if (options.json === true) return print(JSON.stringify(attention, undefined, 2));
  if (attention.items.length === 0) return print('Nothing needs attention.');
  for (const kind of new Set(attention.items.map((item) => item.kind))) {
    const items = attention.items.filter((item) => item.kind === kind);
    const more = attention.more.includes(kind) ? ' and more' : '';
    print(`${pc.yellow(words(kind))} (${items.length}${more}): ${items[0]!.remedy}`);
    const rows = items.map(({ id, appointmentId, since, detail }) => [
      instant(since),
      id,
      appointmentId === null || appointmentId === id ? '-' : appointmentId,
      facts(detail),
    ]);
    print(table(['SINCE', 'ID', 'APPOINTMENT', 'WHAT'], rows));
  }
}
