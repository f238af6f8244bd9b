/** Making a formatter costs a hundred times what everything else about a read's rules costs. */
const known = new Map<string, number>();

/** Decimals of a currency by ISO 4217, as Intl knows them: JPY 0, EUR 2, KWD 3. @throws RangeError for no currency code */
export function decimalsOf(currency: string): number {
  const found = known.get(currency);
  if (found !== undefined) return found;
  const { maximumFractionDigits } = new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions();
  const decimals = maximumFractionDigits ?? 2;
  known.set(currency, decimals);
  return decimals;
}

/** Minor units in major ones, exact and without grouping, as files for banks have them: `-1234567` KWD is `-1234.567`. */
export function toMajorUnits(amountMinor: number, currency: string): string {
  if (!Number.isSafeInteger(amountMinor))
    throw new RangeError(`amountMinor must be a safe integer, got ${amountMinor}`);
  const decimals = decimalsOf(currency);
  const digits = String(Math.abs(amountMinor)).padStart(decimals + 1, '0');
  const whole = digits.slice(0, digits.length - decimals);
  const sign = amountMinor < 0 ? '-' : '';
  return decimals === 0 ? sign + whole : `${sign}${whole}.${digits.slice(-decimals)}`;
}
