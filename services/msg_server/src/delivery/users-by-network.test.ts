import { expect, it } from 'vitest';
import { UsersByNetwork } from './users-by-network.js';

it('finds users by address, of IPv6 by /64, for as long as one of their connections is there', () => {
  const users = new UsersByNetwork();
  const at = (userId: number, remoteAddress: string) => ({ userId, remoteAddress, network: '' });
  const connections = [
    at(1, '192.0.2.1'),
    at(1, '::ffff:192.0.2.1'),
    at(2, '192.0.2.1'),
    at(3, '2001:db8::1'),
    at(4, '2001:db8::2'),
    at(5, ''),
  ];
  for (const connection of connections) users.add(connection);
  expect(users.usersAt('192.0.2.1', 9)).toEqual([1, 2]);
  expect(users.usersAt('2001:db8:0:0::/64', 9)).toEqual([3, 4]);
  expect(users.usersAt('192.0.2.1', 1)).toEqual([1]);
  expect(users.usersAt('192.0.2.2', 9)).toEqual([]);
  expect(users.usersAt('', 9)).toEqual([]);
  // As of a socket that is closed.
  for (const connection of connections) connection.remoteAddress = '';
  for (const connection of [connections[0]!, connections[2]!]) users.remove(connection);
  expect(users.usersAt('192.0.2.1', 9)).toEqual([1]);
  for (const connection of connections) users.remove(connection);
  expect(users.usersAt('192.0.2.1', 9)).toEqual([]);
  expect(users.usersAt('2001:db8:0:0::/64', 9)).toEqual([]);
});
