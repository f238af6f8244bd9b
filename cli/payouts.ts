import { Option, type Command } from 'commander';
import { PAYOUT_RAILS } from '../domain/earnings.js';
import type { ApiClient } from './api-client.js';
import type { Page } from './api-types.js';
import type { Print } from './appointments.js';
import { instant, money, table } from './format.js';
import type { CliDeps } from './program.js';

interface BatchView {
  id: string;
  rail: string;
  currency: string;
  amountMinor: number;
  payouts: { total: number; pending: number; sent: number; failed: number };
  createdAt: string;
}

interface BatchDetailView extends BatchView {
  items: {
    therapist: { name: string };
    amountMinor: number;
    currency: string;
    status: string;
    reference: string;
    failureCode: string | null;
  }[];
}

function batchTable(batches: readonly BatchView[]): string {
  const rows = batches.map(({ id, createdAt, rail, currency, amountMinor, payouts }) => [
    id,
    instant(createdAt),
    rail,
    money(amountMinor, currency),
    ...[payouts.total, payouts.pending, payouts.sent, payouts.failed].map(String),
  ]);
  return table(['ID', 'MADE', 'RAIL', 'AMOUNT', 'PAYOUTS', 'PENDING', 'SENT', 'FAILED'], rows);
}

function payoutTable({ items }: BatchDetailView): string {
  const rows = items.map(({ therapist, amountMinor, currency, status, reference, failureCode }) => [
    therapist.name,
    money(amountMinor, currency),
    failureCode === null ? status : `${status}: ${failureCode}`,
    reference,
  ]);
  return table(['THERAPIST', 'AMOUNT', 'STATUS', 'REFERENCE'], rows);
}

async function createPayouts(
  api: ApiClient,
  { currency, rail, json }: { currency: string; rail: string; json?: boolean },
  print: Print,
): Promise<void> {
  const batch = await api.post<BatchDetailView>('/v1/admin/payouts', { currency: currency.toUpperCase(), rail });
  if (json === true) return print(JSON.stringify(batch, undefined, 2));
  print(`Batch ${batch.id}: ${money(batch.amountMinor, batch.currency)} by ${batch.rail}.`);
  print(payoutTable(batch));
  if (rail === 'csv') print(`The file for the bank: ${api.baseUrl}/v1/admin/payouts/${batch.id}.csv`);
}

async function listPayouts(
  api: ApiClient,
  { limit, json }: { limit: string; json?: boolean },
  print: Print,
): Promise<void> {
  const { items } = await api.get<Page<BatchView>>('/v1/admin/payouts', { limit });
  if (json === true) return print(JSON.stringify(items, undefined, 2));
  print(items.length === 0 ? 'There are no payouts yet.' : batchTable(items));
}

async function showPayouts(api: ApiClient, id: string, { json }: { json?: boolean }, print: Print): Promise<void> {
  const batch = await api.get<BatchDetailView>(`/v1/admin/payouts/${encodeURIComponent(id)}`);
  print(json === true ? JSON.stringify(batch, undefined, 2) : `${batchTable([batch])}\n\n${payoutTable(batch)}`);
}

/** `cli payouts create|list|show`. */
export function addPayouts(program: Command, { print, connect }: CliDeps): void {
  const api = (): Promise<ApiClient> => connect(program.opts<{ as: string }>().as);
  const group = program.command('payouts').description('pay therapists out');
  group
    .command('create')
    .description('pay out what therapists may have by now, in one currency by one rail')
    .requiredOption('--currency <code>', 'such as EUR')
    .addOption(new Option('--rail <rail>', 'a file for the bank, or transfers').choices(PAYOUT_RAILS).default('csv'))
    .option('--json', 'as the API has it')
    .action(async (options: { currency: string; rail: string; json?: boolean }) =>
      createPayouts(await api(), options, print),
    );
  group
    .command('list')
    .description('a line a batch, the newest first')
    .option('--limit <count>', 'at most so many', '50')
    .option('--json', 'as the API has them')
    .action(async (options: { limit: string; json?: boolean }) => listPayouts(await api(), options, print));
  group
    .command('show <id>')
    .description('a batch and each payout of it')
    .option('--json', 'as the API has it')
    .action(async (id: string, options: { json?: boolean }) => showPayouts(await api(), id, options, print));
}
