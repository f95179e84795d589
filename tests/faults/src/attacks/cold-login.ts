import { type TestCluster, testPassword } from '@teamtalk/cluster';
import { loginFrame, RawConnection } from '@teamtalk/local-stack';
import { ClientType, type Command, Commands, encodePdu } from '@teamtalk/protocol';
import type { Attack } from './attack.js';

const name = 'newcomer';
const colleagues = 10_000;
const groups = 100;
const groupSize = 100;
const sessions = 30;
const messagesEach = 100;

/** No attack: what Windows asks for when it knows nothing yet must not be slowed. */
export const coldLogin: Attack = {
  name: 'cold-login',
  what: 'logins in a row that ask for everything in a company of 10,000: is none slowed? (row 5)',
  full: 5,
  small: 5,
  envOf: () => ({}),
  run: async (cluster, count) => {
    const { newcomer } = await cluster.addUsers([name]);
    await addCompany(cluster, newcomer);
    const taken: number[] = [];
    let bytes = 0;
    for (let i = 0; i < count; i++) {
      const begin = performance.now();
      bytes = await logInCold(cluster);
      taken.push(performance.now() - begin);
    }
    const held = await cluster.metric('msg_server', 0, 'connections_held_total', { reason: 'cost' });
    return {
      'ms each': taken.map((ms) => Math.round(ms)).join(' '),
      'answered, KiB': Math.round(bytes / 1024),
      'requests held': held,
    };
  },
};

async function addCompany(cluster: TestCluster, userId: number): Promise<void> {
  await cluster.sql(
    `INSERT INTO im_user (name, nick_name, real_name, email, password_hash)
      SELECT 'colleague ' || n, 'Colleague ' || n, 'Real Name ' || n, n || '@example.com', ''
      FROM generate_series(1, $1::int) n`,
    [colleagues],
  );
  await cluster.sql(
    `WITH made AS (
      INSERT INTO chat_group (name, type, creator_id)
      SELECT 'group ' || n, 1, $1::int4 FROM generate_series(1, $2::int) n RETURNING id
    ), numbered AS (
      INSERT INTO conversation (conv) SELECT id FROM made
    )
    INSERT INTO group_member (group_id, user_id)
    SELECT made.id, $1::int4 FROM made UNION
    SELECT made.id, u.id FROM made, (SELECT id FROM im_user WHERE id <> $1 ORDER BY id LIMIT $3) u`,
    [userId, groups, groupSize - 1],
  );
}

/** @returns the bytes of all answers */
async function logInCold(cluster: TestCluster): Promise<number> {
  const raw = await RawConnection.open(cluster.port('msg_server', 0, 'client'), { limit: 2 ** 26 });
  let seqNum = 1;
  let bytes = 0;
  async function ask<P extends object, M extends object>(
    command: Command<object, P>,
    message: NoInfer<P>,
    answer: Command<M, never>,
  ): Promise<M> {
    await raw.send(encodePdu(command, message, ++seqNum));
    return raw.receive(answer, (_, frame) => {
      bytes += frame.body.length;
      return true;
    });
  }
  try {
    await raw.send(loginFrame({ name, password: testPassword, clientType: ClientType.WINDOWS }));
    await raw.receive(Commands.LoginResUserlogin);
    const since = { userId: 0, latestUpdateTime: 0 };
    await ask(Commands.BuddyListDepartmentRequest, since, Commands.BuddyListDepartmentResponse);
    const { userList } = await ask(
      Commands.BuddyListAllUserRequest,
      since,
      Commands.BuddyListAllUserResponse,
    );
    const userIdList = userList.map(({ userId }) => userId);
    await ask(
      Commands.BuddyListUsersStatusRequest,
      { userId: 0, userIdList },
      Commands.BuddyListUsersStatusResponse,
    );
    await ask(
      Commands.BuddyListUserInfoRequest,
      { userId: 0, userIdList },
      Commands.BuddyListUserInfoResponse,
    );
    const { groupVersionList } = await ask(
      Commands.GroupNormalListRequest,
      { userId: 0 },
      Commands.GroupNormalListResponse,
    );
    const known = groupVersionList.map(({ groupId }) => ({ groupId, version: 0 }));
    await ask(Commands.GroupInfoRequest, { userId: 0, groupVersionList: known }, Commands.GroupInfoResponse);
    await ask(
      Commands.BuddyListRecentContactSessionRequest,
      since,
      Commands.BuddyListRecentContactSessionResponse,
    );
    await ask(Commands.MsgUnreadCntRequest, { userId: 0 }, Commands.MsgUnreadCntResponse);
    for (const sessionId of userIdList.slice(0, sessions)) {
      const session = { userId: 0, sessionType: 1, sessionId } as const;
      const page = { ...session, msgIdBegin: 0, msgCnt: messagesEach };
      await ask(Commands.MsgListRequest, page, Commands.MsgListResponse);
    }
    return bytes;
  } finally {
    raw.close();
  }
}
