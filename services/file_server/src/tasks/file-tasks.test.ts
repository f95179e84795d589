import { expect, it } from 'vitest';
import { FileTasks } from './file-tasks.js';

const wanted = { fromUserId: 1, toUserId: 2, fileName: 'a.txt', fileSize: 3, transMode: 1 };

it('every task has a random UUID of its own', () => {
  const tasks = new FileTasks({ tasks: 100, taskMs: 1000 });
  const ids = Array.from({ length: 100 }, () => tasks.create(wanted)?.id);
  expect(new Set(ids).size).toBe(100);
  for (const id of ids)
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});

it('there are no more than the limit, until the oldest have had their time', () => {
  let now = 0;
  const tasks = new FileTasks({ tasks: 2, taskMs: 1000 }, () => now);
  tasks.create(wanted);
  now = 500;
  tasks.create(wanted);
  expect(tasks.create(wanted)).toBeUndefined();
  now = 999;
  expect(tasks.create(wanted)).toBeUndefined();
  now = 1000;
  expect(tasks.size).toBe(1);
  expect(tasks.create(wanted)).toMatchObject(wanted);
  expect(tasks.create(wanted)).toBeUndefined();
});
