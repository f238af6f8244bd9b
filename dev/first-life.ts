import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from './config.js';
import type { Say } from './progress.js';
import type { Stack } from './stack.js';

/** What cli/demo-life.ts offers: plays one appointment from its booking to its settlement, and tells of it. */
interface DemoLife {
  playOne: (stack: Stack, say: Say) => Promise<void>;
}

/** Plays one appointment through at speed, so that whoever started the stack sees its main job done. */
export async function playFirstLife(stack: Stack, say: Say): Promise<void> {
  const path = join(projectRoot, 'cli', 'demo-life.ts');
  if (!existsSync(path)) return;
  // By a path and not by name: the stack can be brought up without the command line's code.
  const { playOne } = (await import(path)) as DemoLife;
  await playOne(stack, say);
}
