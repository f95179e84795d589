import { createGroup, type TestCluster, testPassword } from '@teamtalk/cluster';
import { openDataSource, seedUsers } from '@teamtalk/db_proxy_server';

/** The users and groups of a run. */
export interface Population {
  /** of the clients, in the order of their ids */
  users: { id: number; name: string }[];
  groups: { id: number; members: number[] }[];
  /** id of the user in whose name internal systems push */
  robot: number;
}

/** The users who transfer files. */
export const fileClients = { sender: 'courier', receiver: 'customer' } as const;
const prefix = 'rolling';
const groupSize = 10;

/** Users for so many clients, also in groups of ten; passwords are hashed cheaply. */
export async function populate(cluster: TestCluster, clients: number): Promise<Population> {
  const source = await openDataSource(cluster.database.url);
  try {
    const cost = { memoryKib: 8, iterations: 1 };
    await seedUsers(source, { count: clients, prefix, password: testPassword, cost });
  } finally {
    await source.destroy();
  }
  const { robot } = await cluster.addUsers(['robot', fileClients.sender, fileClients.receiver]);
  const users = await cluster.sql<{ id: number; name: string }>(
    `SELECT id, name FROM im_user WHERE name LIKE $1 || '%' ORDER BY id`,
    [prefix],
  );
  const ids = users.map(({ id }) => id);
  return { users, robot, groups: await createGroups(cluster, ids) };
}

async function createGroups(cluster: TestCluster, ids: readonly number[]): Promise<Population['groups']> {
  const founder = await cluster.connect('robot');
  const groups: Population['groups'] = [];
  for (let first = 0; first < ids.length; first += groupSize) {
    const members = ids.slice(first, first + groupSize).map((_, i) => first + i);
    const groupId = await createGroup(
      founder,
      members.map((i) => ids[i]!),
    );
    groups.push({ id: groupId, members });
  }
  await founder.close();
  return groups;
}
