import pc from 'picocolors';
import type { ApiClient } from './api-client.js';
import type { Print } from './appointments.js';
import { instant, money, table } from './format.js';

/** The ledger's check as the API answers. */
export interface LedgerCheckView {
  ok: boolean;
  checkedAt: string;
  rules: { rule: string; ok: boolean; detail: Record<string, unknown>[] }[];
  since: string;
  providers: {
    provider: string;
    unreachable: string | null;
    compared: number;
    differences: {
      kind: string;
      providerRef: string | null;
      paymentId: string | null;
      thereMinor: number;
      hereMinor: number;
      currency: string;
    }[];
  }[];
}

const words = (name: string): string => name.replaceAll('_', ' ');

function ruleLines({ rule, ok, detail }: LedgerCheckView['rules'][number]): string[] {
  const facts = detail.map((one) =>
    Object.entries(one)
      .map(([name, value]) => `${name} ${String(value)}`)
      .join(', '),
  );
  return [`${ok ? pc.green('ok    ') : pc.red('BROKEN')}  ${words(rule)}`, ...facts.map((fact) => `          ${fact}`)];
}

function providerLines(one: LedgerCheckView['providers'][number], since: string): string[] {
  const { provider, unreachable, compared, differences } = one;
  const away = unreachable === null ? '' : pc.yellow(`  (unreachable: ${unreachable}; nothing is said of the rest)`);
  const agrees = differences.length === 0 ? pc.green('no difference') : pc.red(`${differences.length} differ`);
  const head = `${provider}: ${compared} objects since ${instant(since)}, ${agrees}${away}`;
  if (differences.length === 0) return [head];
  const rows = differences.map(({ kind, thereMinor, hereMinor, currency, providerRef, paymentId }) => [
    words(kind),
    money(thereMinor, currency),
    money(hereMinor, currency),
    providerRef ?? '-',
    paymentId ?? '-',
  ]);
  return [head, table(['WHAT', 'THERE', 'HERE', 'OBJECT', 'PAYMENT'], rows)];
}

/** Proves the invariants of the money and compares the providers' objects. @throws Error when something is not right */
export async function checkLedger(
  api: ApiClient,
  options: { days?: number; json?: boolean },
  print: Print,
): Promise<void> {
  const found = await api.get<LedgerCheckView>('/v1/admin/ledger/check', { days: options.days });
  if (options.json === true) print(JSON.stringify(found, undefined, 2));
  else {
    for (const rule of found.rules) for (const line of ruleLines(rule)) print(line);
    for (const provider of found.providers) for (const line of providerLines(provider, found.since)) print(line);
  }
  if (!found.ok) throw new Error('The ledger is not as it should be: docs/money.md says what to do.');
}
