/** `BOUNDARY_KILLS`: how often a worker is killed at each boundary, 1 unless said otherwise; `npm run test:boundaries` says 20. */
export interface BoundaryConfig {
  kills: number;
  /** `BOUNDARY_SEED` decides which boundaries share a kill; drawn when none is given, and printed. */
  seed: number;
  /** `BOUNDARY_ONLY`: boundaries whose name holds this; empty for all. */
  only: string;
}

function readPositive(name: string, fallback: number): number {
  const text = process.env[name];
  const value = text === undefined || text === '' ? fallback : Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new Error(`${name} must be a positive integer, got ${text}`);
  return value;
}

export function readBoundaryConfig(): BoundaryConfig {
  return {
    kills: readPositive('BOUNDARY_KILLS', 1),
    seed: readPositive('BOUNDARY_SEED', 1 + (Date.now() % (2 ** 31 - 1))),
    only: process.env['BOUNDARY_ONLY'] ?? '',
  };
}
