import { describe, expect, it } from 'vitest';
import { figure, resultText, tableText } from './print.js';
import { atLeast, atMost } from './result.js';

describe('figure', () => {
  it('shows as many decimals as tell something', () => {
    expect([12, 1234.5, 12.345, 1.2345, 0.01234, NaN].map(figure)).toEqual([
      '12',
      '1235',
      '12.3',
      '1.23',
      '0.0123',
      'NaN',
    ]);
  });
});

describe('tableText', () => {
  it('aligns words left and numbers right', () => {
    const table = {
      title: 'Runs',
      columns: ['side', 'ms'],
      rows: [
        ['ours', 5],
        ['bare side', 1234.2],
        ['none', null],
      ],
    };
    expect(tableText(table).split('\n')).toEqual([
      'Runs',
      'side         ms',
      '---------  ----',
      'ours          5',
      'bare side  1234',
      'none          -',
    ]);
  });
});

describe('resultText', () => {
  it('tells of each target whether it holds', () => {
    const targets = [atMost('CPU', 1.6, 1.5), atLeast('lives', 0.85, 0.85)];
    const text = resultText({ tables: [], runs: [], medians: {}, targets, notes: ['noisy'] });
    expect(text).toMatch(/CPU +1\.60 +<= 1\.5 +MISSED/);
    expect(text).toMatch(/lives +0\.85 +>= 0\.85 +holds/);
    expect(text).toContain('- noisy');
  });
});
