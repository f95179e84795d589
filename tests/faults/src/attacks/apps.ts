import { createHash } from 'node:crypto';
import { type TestCluster, testPassword } from '@teamtalk/cluster';
import type { Attack } from './attack.js';

const key = 'the-key-of-an-app-bound-to-mallory';
/** What is no administration, and the names of permissions before administration had its own. */
const permissions = [
  'p2p',
  'broadcast',
  'group',
  'history',
  'presence',
  'session',
  'users:read',
  'users',
  'kick',
  'discovery',
];

/** An app that acts as one user tries what that user may not do. */
export const apps: readonly Attack[] = [
  {
    name: 'bound-app',
    what: 'app bound to one user: others’ groups, passwords and connections (row 4)',
    full: 1,
    small: 1,
    envOf: () => ({}),
    run: async (cluster) => {
      const { ann, ben, mallory } = await cluster.addUsers(['ann', 'ben', 'mallory']);
      await cluster.sql('INSERT INTO app (name, key_hash, permissions, user_id) VALUES ($1, $2, $3, $4)', [
        'bound',
        createHash('sha256').update(key).digest(),
        permissions,
        mallory,
      ]);
      const group = await addGroup(cluster, ann, ben);
      const connection = await cluster.connect('ann');
      const tried = {
        'reads a group': call(cluster, 'GET', `/v1/groups/${group}`),
        'joins it': call(cluster, 'POST', `/v1/groups/${group}/members`, {
          change: 'add',
          user_ids: [mallory],
        }),
        'kicks others': call(cluster, 'POST', `/v1/users/${ann}/kick`, {}),
        'sets a password': call(cluster, 'PATCH', `/v1/users/${ben}`, { password: 'stolen' }),
        'adds a user': call(cluster, 'POST', '/v1/users', { name: 'puppet', password: testPassword }),
        'changes discovery': call(cluster, 'POST', '/v1/discovery', { name: 'phish', url: 'http://phish/' }),
      };
      const done: string[] = [];
      for (const [what, status] of Object.entries(tried)) if ((await status) < 300) done.push(what);
      const isIn = await cluster.connect('ben', { password: 'stolen' }).then(
        () => true,
        () => false,
      );
      if (isIn) done.push('logs in as others');
      await connection.close();
      return { 'done of 7': done.length, what: done.join(', ') || 'nothing' };
    },
  },
];

async function addGroup(cluster: TestCluster, ...userIds: [number, ...number[]]): Promise<number> {
  const [row] = await cluster.sql<{ id: number }>(
    `INSERT INTO chat_group (name, type, creator_id) VALUES ('secret', 1, $1) RETURNING id`,
    [userIds[0]],
  );
  const { id } = row!;
  await cluster.sql('INSERT INTO conversation (conv) VALUES ($1)', [id]);
  await cluster.sql('INSERT INTO group_member (group_id, user_id) SELECT $1, unnest($2::int4[])', [
    id,
    userIds,
  ]);
  return id;
}

async function call(cluster: TestCluster, method: string, path: string, body?: object): Promise<number> {
  const response = await fetch(`${cluster.url('http_msg_server')}${path}`, {
    method,
    headers: { authorization: `Bearer ${key}` },
    ...(body && { body: JSON.stringify(body) }),
  });
  await response.arrayBuffer();
  return response.status;
}
