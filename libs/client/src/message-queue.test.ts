import { describe, expect, it, vi } from 'vitest';
import { ClientError } from './errors.js';
import { MessageQueue } from './message-queue.js';

const noRoomNeeded = () => {};
const closed = new ClientError('closed', 'closed');

describe('MessageQueue', () => {
  it('hands out in order, to waiting and to later takers', async () => {
    const queue = new MessageQueue<number>(10, noRoomNeeded);
    const first = queue.take(1000);
    for (const item of [1, 2, 3]) expect(queue.offer(item)).toBe(true);
    expect([await first, await queue.take(1000), await queue.take(1000)]).toEqual([1, 2, 3]);
    expect(queue.length).toBe(0);
  });

  it('refuses items beyond its limit until half is free, and reports that once', async () => {
    const onRoom = vi.fn();
    const queue = new MessageQueue<number>(4, onRoom);
    expect([1, 2, 3, 4, 5].map((item) => queue.offer(item))).toEqual([true, true, true, true, false]);
    await queue.take(1000);
    // Room for one, but taking it would let the item after the refused one overtake it.
    expect(queue.offer(6)).toBe(false);
    expect(onRoom).not.toHaveBeenCalled();
    await queue.take(1000);
    expect(onRoom).toHaveBeenCalledTimes(1);
    expect(queue.isRefusing).toBe(false);
    expect(queue.offer(5)).toBe(true);
    expect([await queue.take(1000), await queue.take(1000), await queue.take(1000)]).toEqual([3, 4, 5]);
    expect(onRoom).toHaveBeenCalledTimes(1);
  });

  it('stops waiting at the deadline; the item goes to the next taker', async () => {
    const queue = new MessageQueue<number>(10, noRoomNeeded);
    await expect(queue.take(5)).rejects.toMatchObject({ code: 'deadline-exceeded' });
    queue.offer(1);
    expect(await queue.take(1000)).toBe(1);
  });

  it('hands out its items before it ends', async () => {
    const queue = new MessageQueue<number>(10, noRoomNeeded);
    queue.offer(1);
    queue.end(closed);
    const seen: number[] = [];
    for await (const item of queue.iterate(noRoomNeeded)) seen.push(item);
    expect(seen).toEqual([1]);
    await expect(queue.take(1000)).rejects.toBe(closed);
  });

  it('ends a waiting iterator quietly when closed, with the error otherwise', async () => {
    const quiet = new MessageQueue<number>(10, noRoomNeeded);
    const onDone = vi.fn();
    const waiting = quiet.iterate(onDone).next();
    quiet.end(closed);
    expect(await waiting).toEqual({ done: true, value: undefined });
    expect(onDone).toHaveBeenCalledTimes(1);

    const broken = new MessageQueue<number>(10, noRoomNeeded);
    const error = new ClientError('disconnected', 'gone');
    const failing = broken.iterate(noRoomNeeded).next();
    broken.end(error);
    await expect(failing).rejects.toBe(error);
  });

  it('keeps the remaining items when a loop is left', async () => {
    const queue = new MessageQueue<number>(10, noRoomNeeded);
    for (const item of [1, 2, 3]) queue.offer(item);
    const onDone = vi.fn();
    for await (const item of queue.iterate(onDone)) if (item === 2) break;
    expect(onDone).toHaveBeenCalledTimes(1);
    expect(await queue.take(1000)).toBe(3);
  });

  it('releases an iterator that is returned while it waits', async () => {
    const queue = new MessageQueue<number>(10, noRoomNeeded);
    const iterator = queue.iterate(noRoomNeeded);
    const waiting = iterator.next();
    await iterator.return?.();
    expect(await waiting).toEqual({ done: true, value: undefined });
    queue.offer(1);
    expect(queue.length).toBe(1);
  });
});
