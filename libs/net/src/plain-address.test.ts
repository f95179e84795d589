import { expect, it } from 'vitest';
import { plainAddress } from './plain-address.js';

it.each([
  ['10.0.0.1', '10.0.0.1'],
  ['::ffff:10.0.0.1', '10.0.0.1'],
  ['::FFFF:10.0.0.1', '10.0.0.1'],
  ['2001:db8::1', '2001:db8::1'],
  ['::ffff:a00:1', '::ffff:a00:1'],
])('the address %s counts as %s', (address, counted) => {
  expect(plainAddress(address)).toBe(counted);
});
