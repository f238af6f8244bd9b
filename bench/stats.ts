/** The value that `share` (0 to 1) of the values do not exceed, by nearest rank; NaN of none. */
export function percentile(values: readonly number[], share: number): number {
  if (values.length === 0) return NaN;
  const sorted = [...values].sort((a, b) => a - b);
  const rank = Math.ceil(share * sorted.length);
  return sorted[Math.min(sorted.length, Math.max(1, rank)) - 1]!;
}

/** The middle value, or the mean of the two in the middle; NaN of none. */
export function median(values: readonly number[]): number {
  if (values.length === 0) return NaN;
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return (sorted[Math.ceil(middle) - 1]! + sorted[Math.floor(middle)]!) / 2;
}

/** How many a second, by the moments (ms) between two shares of them: without the run's beginning and its end. */
export function ratePerSecond(moments: readonly number[], from: number, to: number): number {
  const sorted = [...moments].sort((a, b) => a - b);
  const [first, last] = [Math.floor(from * (sorted.length - 1)), Math.floor(to * (sorted.length - 1))];
  return ((last - first) * 1000) / (sorted[last]! - sorted[first]!);
}
