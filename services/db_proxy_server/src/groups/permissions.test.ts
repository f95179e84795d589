import { expect, test } from 'vitest';
import { mayChangeMembers } from './permissions.js';

const normal = 1;
const temporary = 2;
const creator = 1;
const member = 2;
const outsider = 9;

const memberIds = new Set([creator, member, 3, 4]);

test.each([
  // type, user, add, remove others, leave, remove others and oneself
  [temporary, creator, true, true, true, true],
  [temporary, member, true, false, true, false],
  [temporary, outsider, false, false, false, false],
  [temporary, 0, false, false, false, false],
  [normal, creator, true, true, true, true],
  [normal, member, false, false, false, false],
  [normal, outsider, false, false, false, false],
  [normal, 0, false, false, false, false],
])('type %d, user %d', (type, userId, add, removeOthers, leave, removeBoth) => {
  const group = { type, creatorId: creator, memberIds };
  const may = (kind: 'add' | 'remove', userIds: number[]) =>
    mayChangeMembers(group, { kind, userId, userIds });
  expect({
    add: may('add', [7, 8]),
    removeOthers: may('remove', [3]),
    leave: may('remove', [userId, userId]),
    removeBoth: may('remove', [userId, 3]),
  }).toEqual({ add, removeOthers, leave, removeBoth });
});

test.each([normal, temporary])('type %d: a creator who has left is an outsider', (type) => {
  const group = { type, creatorId: 5, memberIds };
  expect(mayChangeMembers(group, { kind: 'add', userId: 5, userIds: [5] })).toBe(false);
  expect(mayChangeMembers(group, { kind: 'remove', userId: 5, userIds: [3] })).toBe(false);
});

test('a group without a creator grants creator rights to no member', () => {
  const group = { type: normal, creatorId: 0, memberIds };
  for (const userId of [0, member]) {
    expect(mayChangeMembers(group, { kind: 'add', userId, userIds: [7] })).toBe(false);
  }
});

test('where only the owner adds, members can still leave', () => {
  const group = { type: temporary, creatorId: creator, ownerAddsOnly: true, memberIds };
  const may = (kind: 'add' | 'remove', userId: number, id: number) =>
    mayChangeMembers(group, { kind, userId, userIds: [id] });
  expect([may('add', member, 7), may('add', creator, 7), may('remove', member, member)]).toEqual([
    false,
    true,
    true,
  ]);
});
