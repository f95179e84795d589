import { expect, it } from 'vitest';
import { type DepartmentNode, departmentTree, searchUsers } from './directory.js';
import type { Department, User } from './state.js';

const department = (deptId: number, parentDeptId: number, priority = 0): [number, Department] => [
  deptId,
  { deptId, parentDeptId, priority, deptName: `d${deptId}`, deptStatus: 0 },
];
const user = (userId: number, departmentId: number, fields: Partial<User> = {}): User => ({
  userId,
  departmentId,
  userGender: 0,
  userNickName: `u${userId}`,
  avatarUrl: '',
  email: '',
  userRealName: '',
  userTel: '',
  userDomain: '',
  status: 0,
  ...fields,
});
/** A tree as text, such as `1(2[u5])`. */
const textOf = ({ department: { deptId }, children, users }: DepartmentNode): string =>
  `${deptId}${users.length > 0 ? `[${users.map(({ userNickName }) => userNickName).join(' ')}]` : ''}${
    children.length > 0 ? `(${children.map(textOf).join(' ')})` : ''
  }`;

it('departments are a tree, ordered by priority', () => {
  const departments = new Map([
    department(1, 0, 2),
    department(2, 1, 9),
    department(3, 1, 1),
    department(4, 0, 1),
  ]);
  const { roots, others } = departmentTree(departments, [user(5, 2), user(6, 1), user(7, 99), user(8, 0)]);
  expect(roots.map(textOf)).toEqual(['4', '1[u6](3 2[u5])']);
  expect(others.map(({ userId }) => userId)).toEqual([7, 8]);
});

it('no user is lost to a missing parent department or a cycle', () => {
  const departments = new Map([
    department(1, 2),
    department(2, 1),
    department(3, 77),
    department(4, 4),
    department(5, 1),
  ]);
  const { roots } = departmentTree(departments, [user(9, 5)]);
  const seen = roots.map(textOf).join(' ');
  for (const id of [1, 2, 3, 4, 5]) expect(seen).toMatch(new RegExp(`\\b${id}\\b`));
  expect(seen.match(/u9/g)).toHaveLength(1);
});

it('users are found by parts of their names, login, telephone and mail address', () => {
  const all = [
    user(1, 0, { userNickName: '小红', userRealName: 'Hong Li', userTel: '138000' }),
    user(2, 0, { userNickName: 'Bob', email: 'bob@example.com' }),
  ];
  const found = (query: string) => searchUsers(all, query).map(({ userId }) => userId);
  expect(found('红')).toEqual([1]);
  expect(found('li HONG')).toEqual([1]);
  expect(found('1380')).toEqual([1]);
  expect(found('example bob')).toEqual([2]);
  expect(found('')).toEqual([1, 2]);
  expect(found('nobody')).toEqual([]);
});
