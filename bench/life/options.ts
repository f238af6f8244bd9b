import type { SessionMode } from '../../domain/types.js';
import { readArguments } from '../options.js';

/** How lives are measured. */
export interface LifeOptions {
  /** Lives a run. */
  lives: number;
  /** Runs of each side; two stand together as ours, bare, bare, ours. */
  runs: number;
  concurrency: number;
  minuteMs: number;
  mode: SessionMode;
  shards: number;
  /** A third side: our workers without the relays. */
  withoutRelays: boolean;
  /** Runs our worker alone, under V8's profiler. */
  profile: boolean;
}

/** Reads the bench's own arguments. @throws Error that names the one that is wrong */
export function readLifeOptions(args: string[]): LifeOptions {
  const names = ['lives', 'runs', 'concurrency', 'minute-ms', 'mode', 'shards'];
  const given = readArguments(args, names, ['without-relays', 'profile']);
  return {
    lives: given.whole('lives', 256),
    runs: given.whole('runs', 2),
    concurrency: given.whole('concurrency', 96),
    minuteMs: given.whole('minute-ms', 400, 100),
    mode: given.oneOf('mode', ['video', 'audio', 'chat'] as const, 'video'),
    shards: given.whole('shards', 4),
    withoutRelays: given.flag('without-relays'),
    profile: given.flag('profile'),
  };
}
