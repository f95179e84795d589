import type { TeamTalkClient } from '@teamtalk/client';
import { type Command, Commands, IM } from '@teamtalk/protocol';

/** Answers by what was asked, decoded, with lists in an order of their own. */
export type Answers = Map<string, unknown>;

const pageSize = 20;
/** of history, of one session */
const maxPages = 5;
const { SESSION_TYPE_GROUP } = IM.BaseDefine.SessionType;

/** Asks everything that a client asks after a login. */
export async function askAll(client: TeamTalkClient): Promise<Answers> {
  const answers: Answers = new Map();
  const { userId } = client;
  const ask = async <P extends object, M extends object>(
    [request, reply]: [Command<object, P>, Command<M, never>],
    message: NoInfer<P>,
    about = '',
  ): Promise<M> => {
    const answer = await client.request(request, reply, message);
    answers.set(`0x${reply.id.toString(16).padStart(4, '0')}${about}`, plain(answer));
    return answer;
  };
  await ask([Commands.BuddyListAllUserRequest, Commands.BuddyListAllUserResponse], {
    userId,
    latestUpdateTime: 0,
  });
  await ask([Commands.BuddyListDepartmentRequest, Commands.BuddyListDepartmentResponse], {
    userId,
    latestUpdateTime: 0,
  });
  const { contactSessionList } = await ask(
    [Commands.BuddyListRecentContactSessionRequest, Commands.BuddyListRecentContactSessionResponse],
    { userId, latestUpdateTime: 0 },
  );
  await ask([Commands.MsgUnreadCntRequest, Commands.MsgUnreadCntResponse], { userId });
  const { groupVersionList } = await ask(
    [Commands.GroupNormalListRequest, Commands.GroupNormalListResponse],
    {
      userId,
    },
  );
  const groupVersionInfo = (groupVersionList ?? []).map(({ groupId }) => ({ groupId, version: 0 }));
  await ask([Commands.GroupInfoRequest, Commands.GroupInfoResponse], {
    userId,
    groupVersionList: groupVersionInfo,
  });
  await ask([Commands.FileHasOfflineReq, Commands.FileHasOfflineRes], { userId });
  for (const { sessionId, sessionType } of contactSessionList ?? []) {
    const about = ` ${sessionType === SESSION_TYPE_GROUP ? 'group' : 'user'} ${sessionId}`;
    await askHistory(client, { sessionId, sessionType }, about, answers);
  }
  return answers;
}

async function askHistory(
  client: TeamTalkClient,
  session: { sessionId: number; sessionType: IM.BaseDefine.SessionType },
  about: string,
  answers: Answers,
): Promise<void> {
  const list: unknown[] = [];
  const { userId } = client;
  for (let page = 0, msgIdBegin = 0; page < maxPages; page++) {
    const { msgList } = await client.request(Commands.MsgListRequest, Commands.MsgListResponse, {
      userId,
      ...session,
      msgIdBegin,
      msgCnt: pageSize,
    });
    list.push(...(msgList ?? []).map(plain));
    const last = msgList?.at(-1)?.msgId ?? 0;
    if (!msgList || msgList.length < pageSize || last <= 1) break;
    msgIdBegin = last - 1;
  }
  // In the order in which it is shown: that one counts.
  answers.set(`0x030a${about}`, list);
}

/** The session that a place of an answer is about, as `1:5` for user 5 and `2:5` for group 5; undefined: none of its own. */
export function sessionOf(question: string, path: string): string | undefined {
  const [, kind, peer] = /^0x030a (user|group) (\d+)$/.exec(question) ?? [];
  if (kind) return `${kind === 'group' ? 2 : 1}:${peer}`;
  return /\.(\d+:\d+)\.latestMsgId$/.exec(path)?.[1];
}

/** Lists by what is in them, so that the order in which they come is no difference; bytes as hex. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  if (Array.isArray(value)) {
    if (value.every((each) => typeof each !== 'object')) return [...value].sort();
    return Object.fromEntries(value.map((each, index) => [keyOf(each, index), plain(each)]));
  }
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(
        ([name, each]) =>
          each !== undefined && each !== null && !name.startsWith('$') && name !== 'attachData',
      )
      .map(([name, each]) => [name, plain(each)]),
  );
}

function keyOf(each: unknown, index: number): string {
  const row = each as Record<string, unknown>;
  if (row.sessionId !== undefined) return `${String(row.sessionType)}:${String(row.sessionId)}`;
  const key = row.userId ?? row.groupId ?? row.deptId ?? row.taskId ?? index;
  return String(key);
}
