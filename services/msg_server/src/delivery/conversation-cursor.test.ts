import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConversationCursor } from './conversation-cursor.js';

/** Offers messages and gives the ids in the order in which they would be delivered. */
function deliver(cursor: ConversationCursor<number>, ids: readonly number[]): number[] {
  const delivered: number[] = [];
  for (const id of ids) {
    if (cursor.offer(id, id) !== 'deliver') continue;
    delivered.push(id);
    for (let next = cursor.next(); next !== undefined; next = cursor.next()) delivered.push(next);
  }
  return delivered;
}

describe('ConversationCursor', () => {
  it('delivers the next message and drops known ones', () => {
    const cursor = new ConversationCursor<number>(10);
    expect(deliver(cursor, [11, 11, 10, 12])).toEqual([11, 12]);
    expect(cursor.gap).toBeUndefined();
  });

  it('buffers messages beyond a gap and reports what is missing', () => {
    const cursor = new ConversationCursor<number>(1);
    expect(cursor.offer(5, 5)).toBe('buffered');
    expect(cursor.offer(5, 5)).toBe('known');
    expect(cursor.gap).toEqual({ first: 2, last: 5 });
    expect(deliver(cursor, [3, 2])).toEqual([2, 3]);
    expect(deliver(cursor, [4])).toEqual([4, 5]);
    expect(cursor.gap).toBeUndefined();
  });

  it('reports a change of members within the gap until that is settled', () => {
    const cursor = new ConversationCursor<number>(1, 5);
    cursor.offer(2, 2, 6);
    expect(cursor.mayHaveLeft).toBe(false);
    cursor.offer(4, 4, 6);
    expect(cursor.mayHaveLeft).toBe(false);
    cursor.offer(9, 9, 7);
    expect([cursor.mayHaveLeft, cursor.version]).toEqual([true, 7]);
    cursor.offer(3, 3, 6);
    cursor.next();
    expect([cursor.mayHaveLeft, cursor.last]).toEqual([true, 4]);
    cursor.skipTo(8);
    expect([cursor.mayHaveLeft, cursor.gap]).toEqual([false, { first: 8, last: 9 }]);
    expect(deliver(cursor, [6, 8])).toEqual([8, 9]);
    cursor.offer(12, 12, 7);
    expect(cursor.mayHaveLeft).toBe(false);
  });

  it('reports no gap and delivers nothing once closed', () => {
    const cursor = new ConversationCursor<number>(5);
    deliver(cursor, [3, 9]);
    cursor.close(2);
    expect(cursor.gap).toBeUndefined();
    expect(cursor.next()).toBeUndefined();
    expect([1, 4, 6, 10].map((id) => cursor.offer(id, id, 99))).toEqual(Array(4).fill('known'));
  });

  it('skips missing messages and continues with buffered ones', () => {
    const cursor = new ConversationCursor<number>(1);
    deliver(cursor, [4, 7]);
    cursor.skipTo(4);
    expect(cursor.next()).toBe(4);
    expect(cursor.next()).toBeUndefined();
    expect(cursor.gap).toEqual({ first: 5, last: 7 });
    cursor.skipTo(7);
    expect(cursor.next()).toBe(7);
    expect(cursor.gap).toBeUndefined();
  });

  it('delivers nothing from before the first one', () => {
    const cursor = new ConversationCursor<number>(10);
    expect(deliver(cursor, [7, 9, 10, 11, 8])).toEqual([11]);
  });

  it('buffers a bounded number of messages and reports the rest as missing', () => {
    const cursor = new ConversationCursor<number>(1);
    const many = Array.from({ length: 1000 }, (_, i) => i + 3);
    expect(deliver(cursor, many)).toEqual([]);
    expect(deliver(cursor, [2]).length).toBeLessThan(400);
    expect(cursor.gap!.last).toBe(1002);
    const last = cursor.last;
    expect(deliver(cursor, many)).toEqual(many.filter((id) => id > last));
    expect(cursor.gap).toBeUndefined();
  });

  it('delivers in order and once, however messages arrive', () => {
    fc.assert(
      fc.property(
        fc
          .integer({ min: 1, max: 40 })
          .chain((count) =>
            fc
              .array(fc.integer({ min: 2, max: count + 1 }), { maxLength: 120 })
              .map((noise) => ({ count, noise })),
          ),
        fc.infiniteStream(fc.nat()),
        ({ count, noise }, random) => {
          const all = Array.from({ length: count }, (_, i) => i + 2);
          const arrivals = [...noise, ...all]
            .map((id) => ({ id, at: random.next().value }))
            .sort((a, b) => a.at - b.at)
            .map(({ id }) => id);
          expect(deliver(new ConversationCursor(1), arrivals)).toEqual(all);
        },
      ),
    );
  });
});
