import { expect, it } from 'vitest';
import { bytesOf, changed, hexOf, newKey, type Outgoing, outgoingOf, without } from './outgoing.js';
import { keyOf, sessionOfKey } from './session.js';

const outgoing = (key: string, session: Outgoing['session']): Outgoing => ({
  key,
  session,
  text: key,
  state: 'pending',
});
const all = [outgoing('aa', { user: 2 }), outgoing('bb', { group: 2 }), outgoing('cc', { user: 2 })];

it('a conversation lists its own unsent messages, in order', () => {
  expect(outgoingOf(all, { user: 2 }).map(({ key }) => key)).toEqual(['aa', 'cc']);
  expect(outgoingOf(all, { group: 2 }).map(({ key }) => key)).toEqual(['bb']);
});

it('a failed message keeps its place, with the reason', () => {
  const failed = changed(all, 'aa', { state: 'failed', reason: 'uploadFailed' });
  expect(failed[0]).toMatchObject({ key: 'aa', state: 'failed', reason: 'uploadFailed' });
  expect(failed.slice(1)).toEqual(all.slice(1));
  expect(without(failed, 'aa').map(({ key }) => key)).toEqual(['bb', 'cc']);
  expect(changed(all, 'zz', { state: 'failed' })).toEqual(all);
});

it('keys are 16 random bytes and survive conversion to hex and back', () => {
  const key = newKey();
  expect(key).toHaveLength(16);
  expect(hexOf(key)).toMatch(/^[0-9a-f]{32}$/);
  expect(bytesOf(hexOf(key))).toEqual(key);
  expect(hexOf(newKey())).not.toBe(hexOf(key));
});

it('the URL identifies a conversation', () => {
  for (const session of [{ user: 1 }, { group: 4_294_967_295 }]) {
    expect(sessionOfKey(keyOf(session))).toEqual(session);
  }
  for (const text of ['', 'u', 'u0', 'x1', 'u1x', 'u-1', 'g99999999999', '<script>']) {
    expect(sessionOfKey(text)).toBeUndefined();
  }
});
