import { describe, expect, it } from 'vitest';
import { readArguments } from './options.js';

describe('readArguments', () => {
  it('reads whole numbers, choices and flags, and falls back', () => {
    const given = readArguments(['--n', '20', '--mode', 'chat', '--quick'], ['n', 'mode', 'runs'], ['quick', 'slow']);
    expect(given.whole('n', 1)).toBe(20);
    expect(given.whole('runs', 4)).toBe(4);
    expect(given.oneOf('mode', ['video', 'chat'] as const, 'video')).toBe('chat');
    expect([given.flag('quick'), given.flag('slow')]).toEqual([true, false]);
  });

  it('names what is wrong', () => {
    expect(() => readArguments(['--m', '1'], ['n'])).toThrow(/--m/);
    expect(() => readArguments(['--n', '0'], ['n']).whole('n', 5)).toThrow('--n takes a whole number from 1 on.');
    expect(() => readArguments(['--n', '1.5'], ['n']).whole('n', 5)).toThrow('--n takes a whole number');
    expect(() => readArguments(['--mode', 'x'], ['mode']).oneOf('mode', ['video'], 'video')).toThrow(
      '--mode takes video.',
    );
  });
});
