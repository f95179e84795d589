import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { OutboundQueue } from './outbound-queue.js';

describe('OutboundQueue', () => {
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
    const queue = new OutboundQueue(30);
    const times: number[] = [];
    for (let i = 0; i < 3; i++) {
      await new Promise<void>((resolve) => {
        queue.add({
          flush: () => {
            times.push(performance.now());
            resolve();
          },
        });
      });
    }
    expect(times[1]! - times[0]!).toBeGreaterThan(28);
    expect(times[2]! - times[1]!).toBeGreaterThan(28);
  });
});
