import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { OutboundQueue } from './outbound-queue.js';

describe('OutboundQueue', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  it('flushes at the end of the event-loop turn, and once more for writes during a flush', async () => {
    const queue = new OutboundQueue(0);
    const flushed: string[] = [];
    const second = { flush: () => void flushed.push('second') };
    queue.add({
      flush: () => {
        flushed.push('first');
        queue.add(second);
      },
    });
    expect(flushed).toEqual([]);
    await turn();
    await turn();
    expect(flushed).toEqual(['first', 'second']);
  });

  it('keeps flushes apart by its interval', async () => {
    vi.useFakeTimers();
    const queue = new OutboundQueue(30);
    const times: number[] = [];
    const connection = {
      flush: () => {
        times.push(performance.now());
        queue.add(connection);
      },
    };
    queue.add(connection);
    await vi.advanceTimersByTimeAsync(100);
    expect(times.length).toBeGreaterThanOrEqual(3);
    for (const [i, at] of times.slice(1).entries()) expect(at - times[i]!).toBe(30);
  });
});
