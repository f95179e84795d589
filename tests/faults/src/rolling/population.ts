import { createGroup, type TestCluster, testPassword } from '@teamtalk/cluster';
import { hashPassword } from '@teamtalk/db_proxy_server';

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
const robotName = 'robot';
const prefix = 'rolling';
const groupSize = 10;

/**
 * Users for so many clients, also in groups of ten; passwords are hashed cheaply. Inserted directly, since the schema may be
 * that of an older version.
 */
export async function populate(cluster: TestCluster, clients: number): Promise<Population> {
  const hash = await hashPassword(testPassword, { memoryKib: 8, iterations: 1 });
  const numbered = Array.from({ length: clients }, (_, i) => `${prefix}${i + 1}`);
  await cluster.sql(
    `INSERT INTO im_user (name, password_hash, gender, nick_name, real_name, department_id)
     SELECT name, $2, 1, name, name, 0 FROM unnest($1::text[]) WITH ORDINALITY AS u(name, n) ORDER BY n`,
    [[...numbered, robotName, fileClients.sender, fileClients.receiver], hash],
  );
  const [robot] = await cluster.sql<{ id: number }>('SELECT id FROM im_user WHERE name = $1', [robotName]);
  const users = await cluster.sql<{ id: number; name: string }>(
    `SELECT id, name FROM im_user WHERE name LIKE $1 || '%' ORDER BY id`,
    [prefix],
  );
  const ids = users.map(({ id }) => id);
  return { users, robot: robot!.id, groups: await createGroups(cluster, ids) };
}

async function createGroups(cluster: TestCluster, ids: readonly number[]): Promise<Population['groups']> {
  const founder = await cluster.connect(robotName);
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
