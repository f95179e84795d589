import { createHash } from 'node:crypto';
import { TestCluster, testPassword } from '@teamtalk/cluster';
import { afterAll, beforeAll, expect, it } from 'vitest';

// An app bound to a user (`teamtalk app create --as`) with every permission that is not administration, its names before
// 1764000000190 included: it is held to what that user may do.

const key = 'the-key-of-an-app-bound-to-eve';
let cluster: TestCluster;
let ids: Record<'ann' | 'ben' | 'eve', number>;
let group: number;

beforeAll(async () => {
  cluster = await TestCluster.start({ http_msg_server: 1, env: { HTTP_AUTH: 'keys' } });
  ids = await cluster.addUsers(['ann', 'ben', 'eve']);
  const permissions = 'p2p,broadcast,group,history,presence,session,users:read,users,kick,discovery'.split(
    ',',
  );
  await cluster.sql('INSERT INTO app (name, key_hash, permissions, user_id) VALUES ($1, $2, $3, $4)', [
    'bound',
    createHash('sha256').update(key).digest(),
    permissions,
    ids.eve,
  ]);
  [{ id: group }] = (await cluster.sql(
    `INSERT INTO chat_group (name, type, creator_id) VALUES ('secret', 1, $1) RETURNING id`,
    [ids.ann],
  )) as [{ id: number }];
  await cluster.sql('INSERT INTO conversation (conv) VALUES ($1)', [group]);
  await cluster.sql('INSERT INTO group_member (group_id, user_id) VALUES ($1, $2), ($1, $3)', [
    group,
    ids.ann,
    ids.ben,
  ]);
});
afterAll(() => cluster?.stop());

async function call(method: string, path: string, body?: object): Promise<number> {
  const response = await fetch(`${cluster.url('http_msg_server')}${path}`, {
    method,
    headers: { authorization: `Bearer ${key}` },
    ...(body && { body: JSON.stringify(body) }),
  });
  return response.status;
}

async function legacy(path: string, body: object): Promise<number> {
  const response = await fetch(`${cluster.url('http_msg_server')}${path}?app_key=${key}`, {
    method: 'POST',
    body: JSON.stringify(body),
  });
  return ((await response.json()) as { error_code: number }).error_code;
}

const members = async () =>
  (
    await cluster.sql<{ user_id: number }>(
      'SELECT user_id FROM group_member WHERE group_id = $1 ORDER BY user_id',
      [group],
    )
  ).map((row) => row.user_id);

it('sees and changes no group its user is not in', async () => {
  const path = `/v1/groups/${group}`;
  const join = { change: 'add', user_ids: [ids.eve] };
  expect({
    reads: await call('GET', path),
    joins: await call('POST', `${path}/members`, join),
    joinsTheOldWay: await legacy('/query/ChangeMembers', {
      group_id: group,
      modify_type: 1,
      user_id_list: [ids.eve],
    }),
    renames: await call('PATCH', path, { name: 'mine' }),
    dissolves: await call('DELETE', path),
    members: await members(),
  }).toEqual({
    reads: 404,
    joins: 403,
    joinsTheOldWay: 11,
    renames: 403,
    dissolves: 404,
    members: [ids.ann, ids.ben],
  });
});

it('makes temporary groups, as clients do, and no normal ones', async () => {
  const wanted = { name: 'g', member_ids: [ids.eve, ids.ann] };
  expect(await call('POST', '/v1/groups', { ...wanted, type: 'normal' })).toBe(403);
  expect(await call('POST', '/v1/groups', { ...wanted, type: 'temporary' })).toBe(201);
  const old = { group_name: 'g', user_id_list: [ids.ann] };
  expect(await legacy('/query/CreateGroup', { ...old, group_type: 1 })).toBe(10);
  expect(await legacy('/query/CreateGroup', { ...old, group_type: 2 })).toBe(0);
});

it('ends nobody else’s connections, and takes over nobody’s account', async () => {
  const ann = await cluster.connect('ann');
  let kicked = false;
  ann.once('kicked', () => {
    kicked = true;
  });
  const user = `/v1/users/${ids.ann}`;
  expect({
    kicks: await call('POST', `${user}/kick`, {}),
    resets: await call('PATCH', user, { password: 'stolen' }),
    adds: await call('POST', '/v1/users', { name: 'mallory', password: 'x' }),
    changesDiscovery: await call('POST', '/v1/discovery', { name: 'phish', url: 'http://phish/' }),
  }).toEqual({ kicks: 403, resets: 403, adds: 403, changesDiscovery: 403 });
  await expect(cluster.connect('ann', { password: 'stolen' })).rejects.toThrow();
  await cluster.connect('ann', { password: testPassword, clientType: 18 });
  expect(kicked).toBe(false);
});
