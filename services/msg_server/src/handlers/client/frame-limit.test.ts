import { ClientType } from '@teamtalk/protocol';
import { describe, expect, it } from 'vitest';
import type { Connection } from '../../connection/connection.js';
import { fitting, pages } from './frame-limit.js';

const android = { clientType: ClientType.ANDROID } as Connection;
const windows = { clientType: ClientType.WINDOWS } as Connection;
const kib = 1024;

describe('frame limit', () => {
  it('cuts a list for Android into frames below 400 KiB and leaves it whole for others', () => {
    const entries = Array.from({ length: 10 }, () => 150 * kib);
    const bytes = (entry: number) => entry;
    expect(pages(android, entries, bytes).map((page) => page.length)).toEqual([2, 2, 2, 2, 2]);
    expect(pages(windows, entries, bytes).map((page) => page.length)).toEqual([10]);
    expect(fitting(android, entries, bytes)).toHaveLength(2);
    expect(fitting(windows, entries, bytes)).toHaveLength(10);
  });

  it('leaves out what can never fit, and gives an empty list for nothing', () => {
    expect(pages(android, [500 * kib, 5], (entry) => entry)).toEqual([[5]]);
    expect(pages(android, [], () => 1)).toEqual([[]]);
  });
});
