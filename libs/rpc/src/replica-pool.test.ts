import { createKit, TeamTalkError } from '@teamtalk/service-kit';
import { afterEach, expect, test, vi } from 'vitest';
import { accounts } from './definitions.js';
import { ReplicaPool } from './replica-pool.js';
import { RpcServer } from './server.js';

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

async function serve(handler: () => Promise<{ latestUpdateTime: number }>): Promise<string> {
  const kit = createKit('fake', { logLevel: 'silent', shutdownMs: 4000 });
  const server = new RpcServer(kit);
  server.unary(accounts.listUsers, handler);
  const port = await server.listen({ host: '127.0.0.1', port: 0 });
  stops.push(() => kit.life.stop());
  return `127.0.0.1:${port}`;
}

function poolOf(...addresses: string[]): ReplicaPool {
  const pool = new ReplicaPool();
  for (const [instance, address] of addresses.entries()) pool.add({ instance, address });
  stops.push(async () => pool.close());
  return pool;
}

test('calls are distributed round-robin', async () => {
  const pool = poolOf(
    await serve(async () => ({ latestUpdateTime: 1 })),
    await serve(async () => ({ latestUpdateTime: 2 })),
  );
  const answers = [];
  for (let i = 0; i < 4; i++)
    answers.push((await pool.call(accounts.listUsers, {}, 10_000)).latestUpdateTime);
  expect(answers.sort()).toEqual([1, 1, 2, 2]);
});

test('an unreachable replica is skipped', async () => {
  const pool = poolOf('127.0.0.1:1', await serve(async () => ({ latestUpdateTime: 2 })));
  for (let i = 0; i < 4; i++) {
    expect((await pool.call(accounts.listUsers, {}, 10_000)).latestUpdateTime).toBe(2);
  }
});

test('an error that every replica would return is passed on with its code, without a retry', async () => {
  let calls = 0;
  const fail = async () => {
    calls++;
    throw new TeamTalkError('not-permitted', 'no');
  };
  const pool = poolOf(await serve(fail), await serve(fail));
  await expect(pool.call(accounts.listUsers, {}, 10_000)).rejects.toMatchObject({ code: 'not-permitted' });
  expect(calls).toBe(1);
});

test('an internal error does not expose its text', async () => {
  const pool = poolOf(
    await serve(async () => {
      throw new Error('SELECT secret');
    }),
  );
  const failure = pool.call(accounts.listUsers, {}, 10_000);
  await expect(failure).rejects.toMatchObject({ code: 'internal' });
  await expect(failure).rejects.not.toThrow('secret');
});

test('a silent replica leaves time for another within the deadline', async () => {
  const silent = await serve(() => new Promise(() => {}));
  const pool = poolOf(silent, await serve(async () => ({ latestUpdateTime: 2 })));
  for (let i = 0; i < 2; i++) {
    expect((await pool.call(accounts.listUsers, {}, 3_000)).latestUpdateTime).toBe(2);
  }
});

test('a change of the wall clock does not cost the second replica its turn', async () => {
  const now = Date.now;
  const pool = poolOf(
    await serve(async () => {
      vi.spyOn(Date, 'now').mockImplementation(() => now() + 3_600_000);
      throw new TeamTalkError('unavailable', 'not now');
    }),
    await serve(async () => ({ latestUpdateTime: 2 })),
  );
  expect((await pool.call(accounts.listUsers, {}, 10_000)).latestUpdateTime).toBe(2);
  vi.restoreAllMocks();
});

test('without replicas: unavailable at once', async () => {
  await expect(poolOf().call(accounts.listUsers, {}, 10_000)).rejects.toMatchObject({ code: 'unavailable' });
});

test('a non-idempotent call is made once, at a connected replica', async () => {
  let calls = 0;
  const lost = async () => {
    calls++;
    throw new TeamTalkError('unavailable', 'lost');
  };
  const failing = poolOf(await serve(lost), await serve(lost));
  await expect(failing.callOnce(accounts.listUsers, {}, 10_000)).rejects.toMatchObject({
    code: 'unavailable',
  });
  expect(calls).toBe(1);

  const pool = poolOf('127.0.0.1:1', await serve(async () => ({ latestUpdateTime: 2 })));
  await pool.call(accounts.listUsers, {}, 10_000);
  for (let i = 0; i < 4; i++) {
    expect((await pool.callOnce(accounts.listUsers, {}, 10_000)).latestUpdateTime).toBe(2);
  }
  await expect(poolOf().callOnce(accounts.listUsers, {}, 10_000)).rejects.toMatchObject({
    code: 'unavailable',
  });
});

test('a replica that is found after the pool was closed is not connected to', () => {
  const pool = poolOf('127.0.0.1:1');
  pool.close();
  pool.add({ instance: 2, address: '127.0.0.1:2' });
  expect(pool.replicas).toEqual([]);
});
