/** A stretch of time somebody was connected; `to` is null while they still are. Epoch ms. */
export interface Stretch {
  from: number;
  to: number | null;
}

/** How long somebody was there between two instants, ms: overlapping connections (two tabs) count once. */
export function presentMs(stretches: readonly Stretch[], from: number, to: number): number {
  const clipped = stretches
    .map((stretch) => ({ from: Math.max(stretch.from, from), to: Math.min(stretch.to ?? to, to) }))
    .filter((stretch) => stretch.to > stretch.from)
    .toSorted((a, b) => a.from - b.from);
  let total = 0;
  let reached = from;
  for (const stretch of clipped) {
    total += Math.max(0, stretch.to - Math.max(stretch.from, reached));
    reached = Math.max(reached, stretch.to);
  }
  return total;
}
