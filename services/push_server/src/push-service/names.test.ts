import { expect, test } from 'vitest';
import { routeOf } from './names.js';
import { marginMs, messageId, positionOf } from './position.js';

const now = 1_800_000_000_000;

test('a path contains unguessable subscription names and what is asked for', () => {
  const [one, two] = ['upAAAAAAAAAAAA', 'up-_BBBBBBBBBB'];
  expect(routeOf(`/${one}`)).toEqual({ names: [one], what: 'subscription' });
  expect(routeOf(`/${one}/auth`)).toEqual({ names: [one], what: 'auth' });
  expect(routeOf(`/${one},${two},${one}/ws`)).toEqual({ names: [one, two], what: 'ws' });
  expect(routeOf(`/${one}/json`)).toEqual({ names: [one], what: 'json' });
  const wrong = [
    '/',
    '/short',
    `/${one},${two}`,
    `/${one}/x`,
    `/${one}/ws/`,
    `/${one}%2f`,
    `//${one}`,
    `/${'a'.repeat(65)}`,
  ];
  for (const path of wrong) expect(routeOf(path), path).toBeUndefined();
  const many = Array.from({ length: 65 }, (_, i) => `up${String(i).padStart(12, '0')}`);
  expect(routeOf(`/${many.join(',')}/ws`)).toBeUndefined();
  expect(routeOf(`/${many.slice(1).join(',')}/ws`)?.names).toHaveLength(64);
});

test('the last id a phone has received is its position', () => {
  const since = now - 1_000_000;
  expect(positionOf(messageId(7, since), now)).toEqual({ since: since - marginMs, received: true });
  expect(positionOf(messageId(-7, since), now)).toMatchObject({ since: since - marginMs });
  // A time in the future is not believed.
  expect(positionOf(messageId(7, now + 1_000_000), now)).toEqual({ since: now - marginMs, received: true });
  expect(positionOf('none', now)).toEqual({ since: now, received: false });
  expect(positionOf('1799999000', now)).toEqual({ since: 1_799_999_000_000, received: false });
  for (const all of [null, 'all', '', '10m', 'SLiKI64DOt', '-1', 'zzzzzzzzzz-1']) {
    expect(positionOf(all, now), String(all)).toEqual({ since: 0, received: false });
  }
});
