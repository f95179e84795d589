import { TestCluster } from '@teamtalk/cluster';
import { afterAll, beforeAll, expect, it } from 'vitest';

const names = Array.from({ length: 12 }, (_, i) => `user${i}`);
let cluster: TestCluster;

beforeAll(async () => {
  cluster = await TestCluster.start({ db_proxy_server: 2 });
  await cluster.addUsers(names);
});
afterAll(() => cluster?.stop());

async function logInAll(): Promise<void> {
  for (const name of names) (await cluster.connect(name)).close();
}

/** Password checks since each db_proxy_server started, without the one of its start. */
async function checks(): Promise<number> {
  const counts = await Promise.all(
    [0, 1].map((k) => cluster.metric('db_proxy_server', k, 'argon2_seconds_count')),
  );
  return counts.reduce((sum, count) => sum + count);
}

it('users who have logged in before need no password check after a rolling restart of db_proxy_server', async () => {
  await logInAll();
  expect(await checks()).toBe(names.length);
  for (const k of [0, 1]) {
    await cluster.stopNode('db_proxy_server', k);
    await cluster.restart('db_proxy_server', k);
    await cluster.untilDiscovered();
  }
  await logInAll();
  expect(await checks()).toBe(0);

  // With all of them gone, so is the key.
  for (const k of [0, 1]) await cluster.stopNode('db_proxy_server', k);
  for (const k of [0, 1]) await cluster.restart('db_proxy_server', k);
  await cluster.untilDiscovered();
  await logInAll();
  expect(await checks()).toBe(names.length);
});
