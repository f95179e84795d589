import { expect, it } from 'vitest';
import { DepartmentTree } from './department-tree.js';

const department = (department_id: number, name: string, parent_id: number | null, priority = 0) => ({
  department_id,
  name,
  parent_id,
  priority,
});

it('orders by priority, then by name, each department after its parent', () => {
  const tree = new DepartmentTree([
    department(1, 'b', null),
    department(2, 'a', null),
    department(3, 'first', null, -1),
    department(4, 'below b', 1),
  ]);
  expect(tree.all.map(({ fullName }) => fullName)).toEqual(['first', 'a', 'b', 'b / below b']);
  expect(tree.top.map(({ name }) => name)).toEqual(['first', 'a', 'b']);
  expect(tree.top[2]!.below.map(({ name }) => name)).toEqual(['below b']);
});

it('shows every department once, even with a missing parent or in a cycle', () => {
  const tree = new DepartmentTree([
    department(1, 'lost', 99),
    department(2, 'round', 3),
    department(3, 'about', 2),
    department(4, 'own parent', 4),
  ]);
  expect(tree.all.map(({ department_id }) => department_id).sort()).toEqual([1, 2, 3, 4]);
});

it('knows which departments are within another', () => {
  const tree = new DepartmentTree([
    department(1, 'a', null),
    department(2, 'b', 1),
    department(3, 'c', 2),
    department(4, 'd', null),
  ]);
  expect([1, 2, 3, 4].filter((id) => tree.isWithin(id, 1))).toEqual([1, 2, 3]);
});

it('finds departments by a part of their path', () => {
  const tree = new DepartmentTree([
    department(1, 'Sales', null),
    department(2, 'Field', 1),
    department(3, 'Web', null),
  ]);
  expect(tree.find('sales / f').map(({ name }) => name)).toEqual(['Field']);
  expect(tree.find('SALES').map(({ name }) => name)).toEqual(['Sales', 'Field']);
});

it('unfolds only so much that few are visible, from the top', () => {
  const below = (parent: number, count: number) =>
    Array.from({ length: count }, (_, i) => department(parent * 100 + i, `${parent}-${i}`, parent));
  const tree = new DepartmentTree([
    department(1, 'a', null),
    department(2, 'b', null),
    ...below(1, 5),
    ...below(2, 50),
    ...below(100, 3),
  ]);
  expect([...tree.openAtFirst(20)]).toEqual([1, 100]);
  expect([...tree.openAtFirst(60)]).toEqual([1, 2, 100]);
  expect([...tree.openAtFirst(1)]).toEqual([]);
});

it('offers the current department even when it does not exist', () => {
  const tree = new DepartmentTree([department(1, 'a', null)]);
  expect(tree.options('none', 7)).toEqual([
    { value: '', label: 'none' },
    { value: '1', label: 'a' },
    { value: '7', label: '#7' },
  ]);
});
