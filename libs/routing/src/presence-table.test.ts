import { type ClientClass, ClientType } from '@teamtalk/protocol';
import { expect, test } from 'vitest';
import { noEffects, PresenceTable, type Session } from './presence-table.js';

const PC = ClientType.WINDOWS;
const MAC = ClientType.MAC;
const MOBILE = ClientType.ANDROID;

function session(
  userId: number,
  node: number,
  connectionId: number,
  clientType: number,
  loginSeq: number,
  clientClass: ClientClass = clientType === MOBILE ? 'mobile' : 'pc',
): Session {
  return { userId, node, connectionId, clientType, clientClass, loginSeq };
}

function add(table: PresenceTable, added: Session) {
  const effects = noEffects();
  table.add(added, effects);
  return { displaced: effects.displaced.map((each) => each.connectionId), pcChanged: [...effects.pcChanged] };
}

test('one PC and one mobile session of a user coexist', () => {
  const table = new PresenceTable();
  expect(add(table, session(1, 10, 1, PC, 1))).toEqual({ displaced: [], pcChanged: [1] });
  expect(add(table, session(1, 20, 1, MOBILE, 2))).toEqual({ displaced: [], pcChanged: [] });
  expect(table.sessionsOf(1)).toHaveLength(2);
});

test('of one client class the newer login wins, in whatever order they arrive; Windows and Mac are one class', () => {
  const table = new PresenceTable();
  add(table, session(1, 10, 1, PC, 7));
  expect(add(table, session(1, 20, 2, MAC, 5)).displaced).toEqual([2]);
  const other = new PresenceTable();
  add(other, session(1, 20, 2, MAC, 5));
  expect(add(other, session(1, 10, 1, PC, 7)).displaced).toEqual([2]);
});

test('applying a change twice has the same effects', () => {
  const table = new PresenceTable();
  add(table, session(1, 10, 1, PC, 1));
  const first = add(table, session(1, 20, 2, PC, 2));
  expect(add(table, session(1, 20, 2, PC, 2))).toEqual(first);
  expect(table.sessionCount).toBe(2);
});

test('online means on a PC', () => {
  const table = new PresenceTable();
  add(table, session(1, 10, 1, MOBILE, 1));
  expect(table.isOnPc(1)).toBe(false);
  add(table, session(1, 10, 2, PC, 2));
  expect(table.isOnPc(1)).toBe(true);
  const effects = noEffects();
  table.remove(10, 2, effects);
  expect([...effects.pcChanged]).toEqual([1]);
  expect(table.isOnPc(1)).toBe(false);
});

test('a dead msg_server loses its sessions, and no others', () => {
  const table = new PresenceTable();
  add(table, session(1, 10, 1, PC, 1));
  add(table, session(1, 20, 1, MOBILE, 2));
  add(table, session(2, 10, 2, PC, 3));
  table.setSeq(10, 9);
  const effects = noEffects();
  table.removeNode(10, effects);
  expect([...effects.pcChanged].sort()).toEqual([1, 2]);
  expect(table.sessionsOf(1).map((each) => each.node)).toEqual([20]);
  expect(table.sessionsOf(2)).toEqual([]);
  expect(table.seqOf(10)).toBe(0);
  expect(table.userCount).toBe(1);
});

test('a snapshot replaces a msg_server’s sessions', () => {
  const table = new PresenceTable();
  add(table, session(1, 10, 1, PC, 1));
  add(table, session(2, 10, 2, PC, 2));
  const effects = noEffects();
  table.replaceNode(10, [session(2, 10, 2, PC, 2), session(3, 10, 3, PC, 3)], effects);
  expect([1, 2, 3].map((user) => table.isOnPc(user))).toEqual([false, true, true]);
  expect([...effects.pcChanged].sort()).toEqual([1, 3]);
});

test('web sessions displace neither PC nor mobile; the sixth displaces the oldest one', () => {
  const table = new PresenceTable();
  add(table, session(1, 10, 1, PC, 9));
  add(table, session(1, 10, 2, MOBILE, 1));
  for (const seq of [2, 3, 4, 5, 6]) {
    expect(add(table, session(1, 20, seq, PC, seq, 'web')).displaced).toEqual([]);
  }
  expect(add(table, session(1, 10, 7, PC, 7, 'web')).displaced).toEqual([2]);
  expect(add(table, session(1, 20, 10, MAC, 10)).displaced).toEqual([1]);
});

test('a bot has up to twenty connections, which count as PC whether or not web sessions do', () => {
  const table = new PresenceTable({ webIsPc: false });
  for (let seq = 1; seq <= 20; seq++) {
    expect(add(table, session(1, 10, seq, PC, seq, 'bot')).displaced).toEqual([]);
  }
  expect(add(table, session(1, 20, 21, PC, 21, 'bot')).displaced).toEqual([1]);
  expect(table.isOnPc(1)).toBe(true);
});

test.each([true, false])('a user with only web sessions is online if these count as PC (%s)', (webIsPc) => {
  const table = new PresenceTable({ webIsPc });
  const web = session(1, 10, 1, PC, 1, 'web');
  expect(add(table, web)).toEqual({ displaced: [], pcChanged: [1] });
  expect(table.isOnPc(1)).toBe(webIsPc);
  add(table, session(1, 10, 2, PC, 2));
  expect(table.isOnPc(1)).toBe(true);
  const effects = noEffects();
  table.remove(10, 2, effects);
  expect(table.isOnPc(1)).toBe(webIsPc);
  table.remove(10, 1, effects);
  expect(table.isOnPc(1)).toBe(false);
});
