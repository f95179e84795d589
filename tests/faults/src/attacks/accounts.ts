import { createGroup, type TestCluster, testPassword } from '@teamtalk/cluster';
import { loginFrame, RawConnection } from '@teamtalk/local-stack';
import { ClientType, Commands, encodePdu, IM } from '@teamtalk/protocol';
import type { Attack } from './attack.js';
import { withWitnesses } from './witnesses.js';

const { FILE_TYPE_OFFLINE } = IM.BaseDefine.TransferFileType;
const { GROUP_TYPE_TMP } = IM.BaseDefine.GroupType;

/** The attacker's account. */
const name = 'mallory';
/** How long one account tries, milliseconds. */
const tryingMs = 8_000;
const gib = 1024 ** 3;

/** Sends the same PDU again and again without a pause for the answers, as long as they come. @returns how many were answered */
async function repeat(
  cluster: TestCluster,
  count: number,
  pduOf: (seqNum: number) => Buffer,
  answerId: number,
): Promise<number> {
  const raw = await RawConnection.open(cluster.port('msg_server', 0, 'client'), { limit: 2 ** 26 });
  await raw.send(loginFrame({ name, password: testPassword, clientType: ClientType.WINDOWS }));
  await raw.receive(Commands.LoginResUserlogin);
  let answered = 0;
  const end = performance.now() + tryingMs;
  const sending = (async () => {
    for (let i = 0; i < count && performance.now() < end; i++) await raw.send(pduOf(i + 10));
  })();
  while (answered < count && performance.now() < end && raw.isOpen) {
    if (await raw.take(({ commandId }) => commandId === answerId, end - performance.now())) answered++;
    raw.received.length = 0;
  }
  raw.close();
  await sending;
  return answered;
}

async function addAccounts(cluster: TestCluster, count: number): Promise<number[]> {
  const rows = await cluster.sql<{ id: number }>(
    `INSERT INTO im_user (name, password_hash)
      SELECT 'colleague ' || n, '' FROM generate_series(1, $1::int) n RETURNING id`,
    [count],
  );
  await cluster.addUsers([name]);
  return rows.map(({ id }) => id);
}

/** What one account that is logged in can do. */
export const accounts: readonly Attack[] = [
  {
    name: 'status-lists',
    what: 'requests for the status of 500,000 users each, by one account (row 5)',
    full: 500,
    small: 50,
    envOf: () => ({}),
    run: async (cluster, count) => {
      await cluster.addUsers([name]);
      const ids = Array.from({ length: 500_000 }, (_, i) => (i % 127) + 1);
      const pdu = encodePdu(Commands.BuddyListUsersStatusRequest, { userId: 0, userIdList: ids }, 1);
      const answerId = Commands.BuddyListUsersStatusResponse.id;
      return withWitnesses(cluster, async () => ({
        'answered in 8 s': await repeat(cluster, count, () => pdu, answerId),
      }));
    },
  },
  {
    name: 'group-lists',
    what: 'requests with a list of 1 MB of groups and versions each, by one account (row 5)',
    full: 500,
    small: 50,
    envOf: () => ({}),
    run: async (cluster, count) => {
      await cluster.addUsers([name]);
      const groupVersionList = Array.from({ length: 170_000 }, (_, i) => ({ groupId: i % 127, version: 0 }));
      const pdu = encodePdu(Commands.GroupInfoRequest, { userId: 0, groupVersionList }, 1);
      const answerId = Commands.GroupInfoResponse.id;
      return withWitnesses(cluster, async () => ({
        'answered in 8 s': await repeat(cluster, count, () => pdu, answerId),
      }));
    },
  },
  {
    name: 'user-lists',
    what: 'requests for the details of 10,000 users each, by one account (row 5)',
    full: 500,
    small: 50,
    envOf: () => ({}),
    run: async (cluster, count) => {
      const userIdList = await addAccounts(cluster, 10_000);
      const pdu = encodePdu(Commands.BuddyListUserInfoRequest, { userId: 0, userIdList }, 1);
      const answerId = Commands.BuddyListUserInfoResponse.id;
      return withWitnesses(cluster, async () => ({
        'answered in 8 s': await repeat(cluster, count, () => pdu, answerId),
      }));
    },
  },
  {
    name: 'groups',
    what: 'groups of 2,000 made by one account (row 5)',
    full: 500,
    small: 50,
    envOf: () => ({}),
    run: async (cluster, count) => {
      const memberIdList = await addAccounts(cluster, 1_999);
      const group = { userId: 0, groupType: GROUP_TYPE_TMP, groupName: 'all', groupAvatar: '', memberIdList };
      const pdu = encodePdu(Commands.GroupCreateRequest, group, 1);
      const answerId = Commands.GroupCreateResponse.id;
      return withWitnesses(cluster, async () => ({
        'made in 8 s': await repeat(cluster, count, () => pdu, answerId),
      }));
    },
  },
  {
    name: 'group-changes',
    what: 'members added to and removed from a group of 2,000 by one account (row 5)',
    full: 500,
    small: 50,
    envOf: () => ({}),
    run: async (cluster, count) => {
      const memberIdList = await addAccounts(cluster, 1_999);
      const client = await cluster.connect(name);
      const groupId = await createGroup(client, memberIdList);
      await client.close();
      const one = [memberIdList[0]!];
      const change = (seqNum: number) => {
        const changeType = (seqNum % 2) + 1;
        const wanted = { userId: 0, changeType, groupId, memberIdList: one };
        return encodePdu(Commands.GroupChangeMemberRequest, wanted, seqNum);
      };
      return withWitnesses(cluster, async () => ({
        'changed in 8 s': await repeat(cluster, count, change, Commands.GroupChangeMemberResponse.id),
      }));
    },
  },
  {
    name: 'declared-files',
    what: 'accounts that declare 8 files of 4 GiB each and send nothing: can another send one? (row 8)',
    full: 32,
    small: 4,
    envOf: (count) => ({ file_server: { TOTAL_QUOTA_BYTES: String(count * 32 * gib - 8) } }),
    run: async (cluster, count) => {
      const names = Array.from({ length: count }, (_, i) => `declarer ${i}`);
      const receivers = await cluster.addUsers(['receiver', 'honest']);
      await cluster.addUsers(names);
      let taken = 0;
      for (const each of names) {
        for (let k = 0; k < 8; k++)
          if (await declare(cluster, each, receivers.receiver, 2 ** 32 - 1)) taken++;
      }
      let honest = 0;
      for (let k = 0; k < 10; k++)
        if (await declare(cluster, 'honest', receivers.receiver, 2 ** 20)) honest++;
      return { 'declared, GiB': taken * 4, 'others may send, of 10': honest };
    },
  },
];

async function declare(
  cluster: TestCluster,
  from: string,
  toUserId: number,
  fileSize: number,
): Promise<boolean> {
  const raw = await cluster.logInRaw(from);
  const wanted = { fromUserId: 0, toUserId, fileName: 'a.bin', fileSize, transMode: FILE_TYPE_OFFLINE };
  await raw.send(encodePdu(Commands.FileRequest, wanted, 2));
  const answer = await raw.receive(Commands.FileResponse);
  raw.close();
  return answer.resultCode === 0;
}
