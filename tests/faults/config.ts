/** How often each fault is tried: `FAULT_TIMES`, 40 unless said otherwise; `npm run test:faults` says 1,000. */
export function faultTimes(): number {
  const text = process.env['FAULT_TIMES'];
  const times = text === undefined || text === '' ? 40 : Number(text);
  if (!Number.isSafeInteger(times) || times < 1) throw new Error(`FAULT_TIMES must be a positive integer, got ${text}`);
  return times;
}
