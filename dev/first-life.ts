import type { Say } from './progress.js';
import type { Stack } from './stack.js';

/**
 * Plays one appointment through at speed, so that whoever started the stack sees its main job done.
 * A failure is told and no more: the stack is up, and there is something to look at.
 */
export async function playFirstLife(stack: Stack, say: Say): Promise<void> {
  try {
    // Here and not above: the stack comes up without waiting for the command line's code.
    const { playOne } = await import('../cli/demo-life.js');
    await playOne(stack, say);
  } catch (error) {
    say(`The first appointment was not played to its end: ${(error as Error).message}`);
  }
}
