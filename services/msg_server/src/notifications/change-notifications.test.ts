import { type Bus, type teamtalk, topics } from '@teamtalk/bus';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { MsgServerMetrics } from '../metrics.js';
import { ChangeNotifications } from './change-notifications.js';

let rounds: string[][];
let dropped: number;
let notifications: ChangeNotifications;

beforeEach(() => {
  vi.useFakeTimers();
  rounds = [];
  dropped = 0;
  const bus = {
    publish: (topic: unknown, { broadcast }: teamtalk.bus.NodeEvent.$Properties) => {
      expect(topic).toBe(topics.everyNode);
      rounds.push((broadcast?.pdus ?? []).map((pdu) => Buffer.from(pdu).toString().slice(0, 20)));
    },
  } as unknown as Bus;
  const metrics = { notificationsDropped: { inc: () => dropped++ } } as unknown as MsgServerMetrics;
  notifications = new ChangeNotifications(bus, metrics);
});
afterEach(() => {
  notifications.stop();
  vi.useRealTimers();
});

describe('ChangeNotifications', () => {
  it('sends the last of several changes with the same key, once', () => {
    notifications.notify('a', Buffer.from('a1'));
    notifications.notify('b', Buffer.from('b1'));
    notifications.notify('a', Buffer.from('a2'));
    vi.advanceTimersByTime(100);
    expect(rounds).toEqual([['a2', 'b1']]);
    vi.advanceTimersByTime(1_000);
    notifications.notify('a', Buffer.from('a3'));
    vi.advanceTimersByTime(100);
    expect(rounds.slice(1)).toEqual([['a3']]);
  });

  it('sends at most 50 per flush; the others wait', () => {
    for (let i = 0; i < 120; i++) notifications.notify(`${i}`, Buffer.from(`${i}`));
    vi.advanceTimersByTime(1_000);
    expect(rounds.map((round) => round.length)).toEqual([50, 50, 20]);
    expect(rounds.flat()).toEqual(Array.from({ length: 120 }, (_, i) => `${i}`));
  });

  it('makes no event too large for the bus', () => {
    for (let i = 0; i < 3; i++) notifications.notify(`${i}`, Buffer.alloc(300_000, `${i}`));
    vi.advanceTimersByTime(1_000);
    expect(rounds.map((round) => round.length)).toEqual([1, 1, 1]);
  });

  it('drops and counts notifications beyond the limit', () => {
    for (let i = 0; i < 20_003; i++) notifications.notify(`${i}`, Buffer.from('x'));
    expect(dropped).toBe(3);
    notifications.notify('0', Buffer.from('y'));
    expect(dropped).toBe(3);
  });

  it('sends waiting notifications when the server stops', () => {
    notifications.notify('a', Buffer.from('a'));
    notifications.stop();
    expect(rounds).toEqual([['a']]);
  });
});
