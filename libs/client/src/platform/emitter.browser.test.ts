import { describe, expect, it } from 'vitest';
import { EventEmitter as ForBrowsers } from './emitter.browser.js';
import { EventEmitter } from './emitter.js';

interface Events {
  told: [number, string];
  other: [];
}

describe.each([
  ['of Node', () => new EventEmitter<Events>()],
  ['of browsers', () => new ForBrowsers<Events>()],
])('the emitter %s', (_, create) => {
  // Both have these methods; TypeScript cannot call a union of generic ones.
  const emitter = () => create() as ForBrowsers<Events>;

  it('calls listeners in order, with all arguments, until they are removed', () => {
    const events = emitter();
    const calls: string[] = [];
    const first = (n: number, text: string) => void calls.push(`first ${n} ${text}`);
    events.on('told', first).on('told', (n) => void calls.push(`second ${n}`));
    expect(events.emit('told', 1, 'a')).toBe(true);
    events.off('told', first);
    events.emit('told', 2, 'b');
    expect(calls).toEqual(['first 1 a', 'second 1', 'second 2']);
    expect(events.listenerCount('told')).toBe(1);
    expect(events.emit('other')).toBe(false);
  });

  it('calls a listener added by once only once', () => {
    const events = emitter();
    let calls = 0;
    const listener = () => void calls++;
    events.once('other', listener);
    events.emit('other');
    events.emit('other');
    expect(calls).toBe(1);
    events.once('other', listener).off('other', listener);
    expect(events.listenerCount('other')).toBe(0);
  });

  it('calls the listeners that were present when emit began', () => {
    const events = emitter();
    let calls = 0;
    const second = () => void calls++;
    events.on('other', () => events.off('other', second).on('other', () => void calls++));
    events.on('other', second);
    events.emit('other');
    expect(calls).toBe(1);
  });

  it('rethrows the error of a listener', () => {
    const events = emitter();
    events.on('other', () => {
      throw new Error('of the listener');
    });
    expect(() => events.emit('other')).toThrow('of the listener');
  });
});
