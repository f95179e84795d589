import { waitUntil } from '@teamtalk/local-stack';
import { Commands, decodeBody, encodePdu, IM } from '@teamtalk/protocol';
import type { LoadConnection } from '../connection.js';
import { Conversation } from '../ledger/conversation.js';
import type { Participants } from '../message-traffic.js';
import type { LoadOptions } from '../options.js';
import { Pool } from '../pool.js';
import type { LoadResult } from '../result.js';
import { Id } from '../wire.js';
import { type MessageOptions, runMessages } from './messages.js';

export interface GroupOptions extends LoadOptions, MessageOptions {
  groupSize: number;
  /** how many members of each group send */
  senders: number;
}

const { GROUP_TYPE_TMP } = IM.BaseDefine.GroupType;
const createMs = 30_000;

/** Groups of online members, some of whom send; every other member gets each message. */
export async function runGroup(options: GroupOptions): Promise<LoadResult> {
  const pool = new Pool(options);
  try {
    await pool.logInAll();
    const groups = await createGroups(pool, options);
    return await runMessages('group', pool, groups, options);
  } finally {
    pool.closeAll();
  }
}

async function createGroups(pool: Pool, { groupSize, senders, say }: GroupOptions): Promise<Participants[]> {
  const participants: Participants[] = [];
  let waiting = 0;
  const membersOf = new Map<LoadConnection, LoadConnection[]>();
  pool.frames = {
    frame: (connection, commandId, _seq, buf, start, end) => {
      const members = membersOf.get(connection);
      if (commandId !== Id.GroupCreated || !members) return;
      membersOf.delete(connection);
      waiting--;
      const { resultCode, groupId } = decodeBody(Commands.GroupCreateResponse, buf.subarray(start, end));
      if (resultCode !== 0 || !groupId) return;
      const userIds = members.map(({ userId }) => userId);
      participants.push({
        conversation: Conversation.group(groupId, userIds),
        connections: members,
        senders,
      });
    },
  };
  for (let first = 0; first + groupSize <= pool.connections.length; first += groupSize) {
    const members = pool.connections.slice(first, first + groupSize);
    if (!members.every(({ loggedIn }) => loggedIn)) continue;
    const creator = members[0]!;
    waiting++;
    membersOf.set(creator, members);
    creator.write(
      encodePdu(
        Commands.GroupCreateRequest,
        {
          userId: creator.userId,
          groupType: GROUP_TYPE_TMP,
          groupName: `bench ${first / groupSize}`,
          groupAvatar: '',
          memberIdList: members.map(({ userId }) => userId),
        },
        1,
      ),
    );
  }
  await waitUntil(() => waiting === 0, { timeoutMs: createMs, what: 'the groups created' });
  say(`${participants.length} groups of ${groupSize}`);
  return participants;
}
