import { parseArgs } from 'node:util';

/** The bench's own arguments by name: `--name value`, or a flag without a value. */
export interface Arguments {
  whole(name: string, fallback: number, least?: number): number;
  oneOf<T extends string>(name: string, choices: readonly T[], fallback: T): T;
  flag(name: string): boolean;
}

/** Reads arguments. @throws Error that names the one that is unknown or wrong */
export function readArguments(args: string[], names: readonly string[], flags: readonly string[] = []): Arguments {
  const options = Object.fromEntries([
    ...names.map((name) => [name, { type: 'string' as const }]),
    ...flags.map((name) => [name, { type: 'boolean' as const }]),
  ]);
  const values = parseArgs({ args, options, strict: true }).values as Record<string, string | boolean | undefined>;
  return {
    whole(name, fallback, least = 1) {
      const value = values[name] === undefined ? fallback : Number(values[name]);
      if (!Number.isInteger(value) || value < least)
        throw new Error(`--${name} takes a whole number from ${least} on.`);
      return value;
    },
    oneOf(name, choices, fallback) {
      const value = values[name] ?? fallback;
      const found = choices.find((choice) => choice === value);
      if (found === undefined) throw new Error(`--${name} takes ${choices.join(', ')}.`);
      return found;
    },
    flag: (name) => values[name] === true,
  };
}
