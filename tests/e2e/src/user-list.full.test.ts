import type { TeamTalkClient } from '@teamtalk/client';
import { TestCluster } from '@teamtalk/cluster';
import { type RawConnection, waitUntil } from '@teamtalk/local-stack';
import { ClientType, Commands, encodePdu } from '@teamtalk/protocol';
import { afterAll, beforeAll, expect, it } from 'vitest';

/** With a signature of 100 bytes each, 850 KB: three pieces. */
const many = 5_000;

let cluster: TestCluster;
let readers: TeamTalkClient[];
let ids: Record<'ann' | 'ben', number>;

beforeAll(async () => {
  cluster = await TestCluster.start({
    msg_server: 2,
    db_proxy_server: 2,
    envOf: { msg_server: { MAX_OUTBOUND_BYTES: '16777216' } },
  });
  ids = await cluster.addUsers(['ann', 'ben']);
  await cluster.sql(
    `INSERT INTO im_user (name, password_hash, sign_info) SELECT 'many' || i, '', repeat('x', 100)
     FROM generate_series(1, $1::int4) AS i`,
    [many],
  );
  readers = [await cluster.connect('ann', { server: 0 }), await cluster.connect('ben', { server: 1 })];
});
afterAll(() => cluster?.stop());

/** The answers of both servers about a user, requested concurrently. */
async function seen(userId: number, askers = readers) {
  const answers = await Promise.all(askers.map((reader) => reader.users()));
  return answers.map(({ users }) => users.find((user) => user.userId === userId));
}

it('a reply from any server contains every change committed before the request', async () => {
  for (let round = 1; round <= 20; round++) {
    await cluster.sql('UPDATE im_user SET nick_name = $1 WHERE id = $2', [`round ${round}`, ids.ben]);
    const nickNames = (await seen(ids.ben)).map((user) => user?.userNickName);
    expect(nickNames).toEqual([`round ${round}`, `round ${round}`]);
  }
});

it('a change made by a client, and users who come, leave and are deleted', async () => {
  const signInfo = 'by the client';
  await readers[1]!.request(
    Commands.BuddyListChangeSignInfoRequest,
    Commands.BuddyListChangeSignInfoResponse,
    {
      userId: 0,
      signInfo,
    },
  );
  expect((await seen(ids.ben)).map((user) => user?.signInfo)).toEqual([signInfo, signInfo]);

  const [{ id }] = (await cluster.sql<{ id: number }>(
    `INSERT INTO im_user (name, password_hash) VALUES ('new', '') RETURNING id`,
  )) as [{ id: number }];
  expect((await seen(id)).map((user) => user?.userDomain)).toEqual(['new', 'new']);
  await cluster.sql('UPDATE im_user SET status = 3 WHERE id = $1', [id]);
  expect(await seen(id)).toEqual([undefined, undefined]);
  await cluster.sql('UPDATE im_user SET status = 1 WHERE id = $1', [id]);
  expect((await seen(id)).map((user) => user?.status)).toEqual([1, 1]);
  await cluster.sql('DELETE FROM im_user WHERE id = $1', [id]);
  expect(await seen(id)).toEqual([undefined, undefined]);
});

it('a change that comes while many ask is in the answers of all who ask after it', async () => {
  const names = ['cay', 'dan'] as const;
  await cluster.addUsers(names);
  // Connections of their own: on one, a question waits for the answer to the one before.
  const later = await Promise.all(names.map((name, server) => cluster.connect(name, { server })));
  for (let round = 1; round <= 20; round++) {
    const before = Array.from({ length: 3 }, () => seen(ids.ann));
    await cluster.sql('UPDATE im_user SET nick_name = $1 WHERE id = $2', [`meanwhile ${round}`, ids.ann]);
    for (const user of await seen(ids.ann, later)) expect(user?.userNickName).toBe(`meanwhile ${round}`);
    await Promise.all(before);
  }
});

it('departments as well', async () => {
  const ask = () =>
    Promise.all(
      readers.map(async (reader) => {
        const { deptList } = await reader.request(
          Commands.BuddyListDepartmentRequest,
          Commands.BuddyListDepartmentResponse,
          { userId: 0, latestUpdateTime: 0 },
        );
        return (deptList ?? []).map(({ deptName }) => deptName);
      }),
    );
  expect(await ask()).toEqual([[], []]);
  await cluster.sql(`INSERT INTO department (name) VALUES ('sales')`);
  expect(await ask()).toEqual([['sales'], ['sales']]);
  await cluster.sql(`UPDATE department SET name = 'service'`);
  expect(await ask()).toEqual([['service'], ['service']]);
  await cluster.sql('UPDATE department SET status = 1');
  expect(await ask()).toEqual([[], []]);
});

const slowReaders = 10;
/** Answers of 850 KB each: together more than a socket's buffers hold, less than MAX_OUTBOUND_BYTES. */
const questions = 12;

it('many slow readers share one list and delay nobody', async () => {
  const answered = () => cluster.metric('msg_server', 0, 'query_seconds_count', { command: '0x0208' });
  const slow: RawConnection[] = [];
  for (let i = 1; i <= slowReaders; i++) slow.push(await slowReader(`slow${i}`));
  const [reader] = readers as [TeamTalkClient];
  await reader.users();
  const before = await answered();
  const { arrayBuffers } = process.memoryUsage();
  for (const { socket } of slow) {
    const frame = encodePdu(Commands.BuddyListAllUserRequest, { userId: 0, latestUpdateTime: 0 }, 9);
    socket.write(Buffer.concat(Array.from({ length: questions }, () => frame)));
  }
  await waitUntil(async () => (await answered()) - before >= slowReaders * questions, {
    what: 'all answered',
  });
  expect(process.memoryUsage().arrayBuffers - arrayBuffers).toBeLessThan(8 * 1024 * 1024);

  const start = performance.now();
  expect((await reader.users()).users).toHaveLength(many + 4 + slowReaders);
  expect(performance.now() - start).toBeLessThan(2_000);
  // The slow readers get their replies once they read again.
  for (const { socket } of slow) socket.resume();
  for (const connection of slow) {
    for (let i = 0; i < questions; i++) {
      const pdu = await connection.next(
        ({ commandId }) => commandId === Commands.BuddyListAllUserResponse.id,
      );
      expect(pdu.seqNum).toBe(9);
    }
    connection.close();
  }
});

/** Logs in, and reads nothing from then on. */
async function slowReader(name: string): Promise<RawConnection> {
  await cluster.addUsers([name]);
  const raw = await cluster.logInRaw(name, { clientType: ClientType.MAC });
  raw.socket.pause();
  return raw;
}
