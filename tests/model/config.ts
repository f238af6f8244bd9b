/** How long a random walk is and from which seed; the same seed and one lane walk the same steps in the same order. */
export interface ModelConfig {
  seed: number;
  steps: number;
  /** How many walk at once: more than one for real races. */
  lanes: number;
}

function readInteger(name: string, fallback: number): number {
  const text = process.env[name];
  if (text === undefined || text === '') return fallback;
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new Error(`${name} must be an integer, got ${text}`);
  return value;
}

/** `MODEL_TEMPORAL_STEPS`: how many steps are walked through Temporal, where each costs a hundred times as much. */
export function readTemporalSteps(fallback: number): number {
  return readInteger('MODEL_TEMPORAL_STEPS', fallback);
}

/** `MODEL_SEED`, `MODEL_STEPS` and `MODEL_LANES`; the seed is drawn when none is given, and printed by whoever walks. */
export function readModelConfig(defaults: { steps: number; lanes: number }): ModelConfig {
  return {
    seed: readInteger('MODEL_SEED', Date.now() % 2 ** 31),
    steps: readInteger('MODEL_STEPS', defaults.steps),
    lanes: readInteger('MODEL_LANES', defaults.lanes),
  };
}
