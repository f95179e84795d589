import { testPassword } from '@teamtalk/cluster';
import type { ClientName } from '@teamtalk/conformance';
import { Peer, passwordDigest } from '@teamtalk/conformance';
import { Commands as C, MsgType } from '@teamtalk/protocol';
import { beforeAll, expect, it } from 'vitest';
import { cluster } from './cluster.js';

const count = 1_500;
/** 1,500 of them are more than Android takes in one frame. */
const text = 'x'.repeat(300);

let ids: Record<'sender' | 'absent', number>;

beforeAll(async () => {
  ids = await cluster.addUsers(['sender', 'absent']);
  const push = { from_user_id: ids.sender, session_id: ids.absent, msg: text, msg_type: MsgType.SINGLE_TEXT };
  const send = async () => {
    const url = `${cluster.url('http_msg_server')}/query/SendSingleMessage`;
    const response = await fetch(url, { method: 'POST', body: JSON.stringify(push) });
    expect(await response.json()).toMatchObject({ error_code: 0 });
  };
  for (let sent = 0; sent < count; sent += 100) await Promise.all(Array.from({ length: 100 }, send));
});

/** What a client receives that requests everything unread once, and then whatever is missing. */
async function unreadOf(as: ClientName): Promise<number[][]> {
  const address = { host: '127.0.0.1', port: cluster.port('msg_server', 0, 'client') };
  const reader = await Peer.open({ as, label: as, address, deadlineMs: 20_000 });
  await reader.logIn({ name: 'absent', passwordMd5: passwordDigest(testPassword), id: ids.absent });
  const { unreadinfoList } = await reader.ask(C.MsgUnreadCntRequest, C.MsgUnreadCntResponse, { userId: 0 });
  expect(unreadinfoList).toMatchObject([{ sessionId: ids.sender, unreadCnt: count, latestMsgId: count }]);
  const answers: number[][] = [];
  for (let left = count; left > 0; left -= answers.at(-1)!.length) {
    const session = { userId: 0, sessionType: 1, sessionId: ids.sender } as const;
    const { msgList } = await reader.ask(C.MsgListRequest, C.MsgListResponse, {
      ...session,
      msgIdBegin: left,
      msgCnt: left,
    });
    expect(msgList.length).toBeGreaterThan(0);
    answers.push(msgList.map(({ msgId }) => msgId));
  }
  expect(reader.rules.violation).toBeUndefined();
  await reader.leave();
  return answers;
}

const newestFirst = Array.from({ length: count }, (_, i) => count - i);

it('1,500 unread messages come with one request', async () => {
  expect(await unreadOf('windows')).toEqual([newestFirst]);
});

it('Android gets them in as many frames of 400 KiB as needed', async () => {
  const answers = await unreadOf('android');
  expect(answers.length).toBeGreaterThan(1);
  expect(answers[0]!.length).toBeGreaterThan(500);
  expect(answers.flat()).toEqual(newestFirst);
});
