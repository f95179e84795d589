import { createHash } from 'node:crypto';
import { waitUntil } from '@teamtalk/local-stack';
import { ClientType, IM } from '@teamtalk/protocol';
import { expect, it } from 'vitest';
import { cluster } from './cluster.js';

const { USER_STATUS_ONLINE: online, USER_STATUS_OFFLINE: offline } = IM.BaseDefine.UserStatType;
const md5 = (text: string) => createHash('md5').update(text).digest('hex');

it('a login of the same class on another msg_server kicks the first; the other class stays', async () => {
  await cluster.addUsers(['twice']);
  const first = await cluster.connect('twice', { server: 0 });
  const mobile = await cluster.connect('twice', { server: 0, clientType: ClientType.IOS });
  const kicked = new Promise<number>((resolve) => first.once('kicked', ({ reason }) => resolve(reason)));
  const second = await cluster.connect('twice', { server: 1, clientType: ClientType.MAC });
  expect(await kicked).toBe(1);
  await waitUntil(() => !first.isConnected, { what: 'the kicked connection closed' });
  expect(second.isOnline).toBe(true);
  expect(mobile.isOnline).toBe(true);
});

it('wrong name and wrong password are one answer: 6, with a text, then the end', async () => {
  await cluster.addUsers(['known']);
  for (const [name, password] of [
    ['known', 'wrong'],
    ['nobody', '123456'],
  ] as const) {
    await expect(cluster.connect(name, { password })).rejects.toMatchObject({
      resultCode: IM.BaseDefine.ResultType.REFUSE_REASON_DB_VALIDATE_FAILED,
    });
  }
});

it('a row of a legacy database logs in with its md5 and salt, and is argon2 from then on', async () => {
  const hash = md5(`${md5('old secret')}salt`);
  await cluster.sql(`INSERT INTO im_user (name, password_hash, legacy_salt) VALUES ('veteran', $1, 'salt')`, [
    hash,
  ]);
  await expect(cluster.connect('veteran', { password: 'wrong' })).rejects.toThrow();
  await cluster.connect('veteran', { password: 'old secret' });
  await waitUntil(
    async () =>
      (
        await cluster.sql(`SELECT FROM im_user WHERE name = 'veteran' AND password_hash LIKE '$argon2id$%'
          AND legacy_salt IS NULL`)
      ).length === 1,
    { what: 'the hash is argon2' },
  );
  await cluster.connect('veteran', { server: 1, password: 'old secret' });
});

it('ten failures lock the name on every replica, and nobody else', async () => {
  await cluster.addUsers(['victim', 'bystander']);
  for (let i = 0; i < 10; i++) {
    await expect(cluster.connect('victim', { server: i % 2, password: 'guess' })).rejects.toThrow();
  }
  for (const server of [0, 1]) {
    await expect(cluster.connect('victim', { server })).rejects.toMatchObject({ resultCode: 6 });
  }
  await cluster.connect('bystander');
});

it('presence reflects PC clients, and is sent to PC clients on every msg_server', async () => {
  const ids = await cluster.addUsers(['watcher', 'subject']);
  const watcher = await cluster.connect('watcher', { server: 0 });
  const received: number[] = [];
  watcher.on('status', (status) => {
    if (status.userId === ids.subject) received.push(status.status);
  });
  const status = async () => (await watcher.usersStatus([ids.subject]))[0]?.status;
  expect(await status()).toBe(offline);
  const mobile = await cluster.connect('subject', { server: 1, clientType: ClientType.ANDROID });
  expect(await status()).toBe(offline);
  const pc = await cluster.connect('subject', { server: 1 });
  expect(await status()).toBe(online);
  await waitUntil(() => received.length === 1, { what: 'online notified' });
  await pc.close();
  await waitUntil(async () => (await status()) === offline, { what: 'offline' });
  await waitUntil(() => received.length === 2, { what: 'offline notified' });
  expect(received).toEqual([online, offline]);
  await mobile.logout();
});

it('users since a time: everybody at first, then only changes, including disabled users', async () => {
  const ids = await cluster.addUsers(['stays', 'leaves']);
  const client = await cluster.connect('stays');
  const all = await client.users();
  expect(all.users.map((user) => user.userId)).toEqual(expect.arrayContaining([ids.stays, ids.leaves]));
  await cluster.sql('UPDATE im_user SET status = 3 WHERE id = $1', [ids.leaves]);
  const changed = await client.users(all.latestUpdateTime);
  expect(changed.users).toContainEqual(expect.objectContaining({ userId: ids.leaves, status: 3 }));
  expect((await client.users()).users.map((user) => user.userId)).not.toContain(ids.leaves);
  expect(await client.usersInfo([ids.stays])).toMatchObject([{ userId: ids.stays, userDomain: 'stays' }]);
});

it('login_server hands out live msg_servers, the least loaded first, and no stopped ones', async () => {
  const ask = async () =>
    (await (await fetch(`${cluster.url('login_server')}/msg_server`)).json()) as {
      code: number;
      port: string;
    };
  const ports = [0, 1].map((k) => String(cluster.port('msg_server', k, 'client')));
  await waitUntil(async () => ports.includes((await ask()).port), { what: 'a msg_server handed out' });
  const k = await cluster.add('msg_server');
  const added = String(cluster.port('msg_server', k, 'client'));
  await waitUntil(async () => (await ask()).port === added, { what: 'the empty one handed out' });
  await cluster.stopNode('msg_server', k);
  for (let i = 0; i < 10; i++) expect((await ask()).port).not.toBe(added);
});
