import { afterAll, beforeAll, expect, test } from 'vitest';
import { Department, User } from '../entities/index.js';
import { cheapArgon2 } from '../testing/test-context.js';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.js';
import { addUser } from './add-user.js';
import { seedUsers } from './seed-users.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

test('an added user has the given name and a positive id', async () => {
  const { dataSource } = database;
  const id = await addUser(dataSource, { name: 'ann', password: 'secret' }, cheapArgon2);
  expect(id).toBeGreaterThan(0);
  const user = await dataSource.getRepository(User).findOneByOrFail({ id });
  expect(user).toMatchObject({ name: 'ann', nickName: 'ann', realName: 'ann', status: 0, departmentId: 0 });
  expect(user.updatedAt.getTime()).toBeGreaterThan(Date.now() - 60_000);
  expect(user.passwordHash, 'is not read by accident').toBeUndefined();
});

test('a name that is taken, empty or too long is refused with a clear message', async () => {
  const { dataSource } = database;
  const add = (name: string) => addUser(dataSource, { name, password: 'x' }, cheapArgon2);
  await add('bob');
  await expect(add('bob')).rejects.toThrow('there is already a user bob');
  for (const name of ['', 'x'.repeat(65), 'a\0b']) {
    await expect(add(name)).rejects.toMatchObject({ code: 'invalid-argument' });
  }
});

test('seeds only missing users, with ids ascending by number', async () => {
  const { dataSource } = database;
  await addUser(dataSource, { name: 's3', password: 'kept' }, cheapArgon2);
  const seed = { prefix: 's', password: '123456', departments: 3, cost: cheapArgon2 };
  const progress: number[] = [];
  const first = await seedUsers(dataSource, {
    ...seed,
    count: 4_500,
    onProgress: (done) => progress.push(done),
  });
  expect(first).toEqual({ added: 4_499, existing: 1 });
  expect(progress).toEqual([2_000, 4_000, 4_500]);

  const users = await dataSource
    .getRepository(User)
    .createQueryBuilder('u')
    .where(`u.name ~ '^s[0-9]+$' AND u.name <> 's3'`)
    .orderBy('u.id')
    .getMany();
  const numbers = users.map(({ name }) => Number(name.slice(1)));
  expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
  expect(numbers).toHaveLength(4_499);
  const departments = await dataSource.getRepository(Department).find({ order: { priority: 'ASC' } });
  expect(departments.map(({ name }) => name)).toEqual(['Department 1', 'Department 2', 'Department 3']);
  expect(users.find(({ name }) => name === 's5')?.departmentId).toBe(departments[1]?.id);

  expect(await seedUsers(dataSource, { ...seed, count: 4_501 })).toEqual({ added: 1, existing: 4_500 });
  expect(await dataSource.getRepository(Department).count()).toBe(3);
  const newest = await dataSource.getRepository(User).findOneByOrFail({ name: 's4501' });
  expect(newest.id - (users.at(-1)?.id ?? 0), 'seeding again used up no ids').toBe(1);
});

test('seeds users into a department of their own', async () => {
  const { dataSource } = database;
  const seed = { prefix: 'canary-', password: '123456', department: 'Canary', cost: cheapArgon2 };
  await seedUsers(dataSource, { ...seed, count: 2 });
  await seedUsers(dataSource, { ...seed, count: 3 });
  const departments = await dataSource.getRepository(Department).find({ where: { name: 'Canary' } });
  expect(departments).toHaveLength(1);
  const users = await dataSource
    .getRepository(User)
    .find({ where: { departmentId: departments[0]?.id ?? 0 } });
  expect(users.map(({ name }) => name).sort()).toEqual(['canary-1', 'canary-2', 'canary-3']);
});
