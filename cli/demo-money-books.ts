import pc from 'picocolors';
import { ADMIN } from '../db/seed-people.js';
import { ApiClient, signIn } from './api-client.js';
import { describeError } from './api-problem.js';
import type { LedgerCheckView } from './api-types.js';
import type { World } from './demo-life.js';
import type { JudgedMoneyLife } from './demo-money-report.js';

/** What `GET /v1/admin/ledger/check` said after the lives were played. */
export interface BooksChecked {
  rules: number;
  /** Objects of the providers that were compared with ours. */
  compared: number;
  findings: string[];
}

/**
 * What the check reports: a rule that does not hold, wherever it came from, and differences at a provider of these
 * payments alone, since a sandbox that was emptied once has lost others'.
 */
export function findingsOf({ rules, providers }: LedgerCheckView, paymentIds: ReadonlySet<string>): string[] {
  const broken = rules.filter(({ ok }) => !ok).map(({ rule }) => `the ledger check: ${rule} does not hold`);
  const away = providers
    .filter(({ unreachable }) => unreachable !== null)
    .map(({ provider, unreachable }) => `the ledger check could not ask ${provider}: ${unreachable}`);
  const different = providers.flatMap(({ provider, differences }) =>
    differences
      .filter(({ paymentId }) => paymentId !== null && paymentIds.has(paymentId))
      .map(({ kind, providerRef }) => `the ledger check: ${kind} at ${provider}, ${providerRef}`),
  );
  return [...broken, ...away, ...different];
}

/** Lets the service prove its books once more, with what the lives left in them. */
export async function checkBooks(
  { api, oidcIssuer }: World,
  lives: readonly Pick<JudgedMoneyLife, 'paymentIds'>[],
): Promise<BooksChecked> {
  try {
    const admin = new ApiClient(api, await signIn(oidcIssuer, ADMIN.subject));
    const check = await admin.get<LedgerCheckView>('/v1/admin/ledger/check', { days: 1 });
    const compared = check.providers.reduce((sum, provider) => sum + provider.compared, 0);
    const findings = findingsOf(check, new Set(lives.flatMap(({ paymentIds }) => paymentIds)));
    return { rules: check.rules.length, compared, findings };
  } catch (error) {
    return { rules: 0, compared: 0, findings: [`the ledger check: ${describeError(error)}`] };
  }
}

export function checkLines({ rules, compared, findings }: BooksChecked): string[] {
  if (findings.length > 0) return findings.map((finding) => `${pc.red('!!')} ${finding}`);
  return [`${pc.green('ok')} ledger check: ${rules} rules hold, ${compared} objects of the providers compared`];
}
