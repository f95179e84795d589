import { TestCluster, testPassword } from '@teamtalk/cluster';
import type { ClientName } from '@teamtalk/conformance';
import { Peer, passwordDigest } from '@teamtalk/conformance';
import { Commands as C, MsgType } from '@teamtalk/protocol';
import { afterAll, beforeAll, expect, it } from 'vitest';

const count = 1_500;
/** 1,500 of them are more than Android takes in one frame. */
const text = 'x'.repeat(300);

let cluster: TestCluster;
let ids: Record<'ann' | 'bob', number>;

beforeAll(async () => {
  cluster = await TestCluster.start({ msg_server: 1, http_msg_server: 1 });
  ids = await cluster.addUsers(['ann', 'bob']);
  const push = { from_user_id: ids.ann, session_id: ids.bob, msg: text, msg_type: MsgType.SINGLE_TEXT };
  const send = async () => {
    const url = `${cluster.url('http_msg_server')}/query/SendSingleMessage`;
    const response = await fetch(url, { method: 'POST', body: JSON.stringify(push) });
    expect(await response.json()).toMatchObject({ error_code: 0 });
  };
  for (let sent = 0; sent < count; sent += 100) await Promise.all(Array.from({ length: 100 }, send));
});
afterAll(() => cluster?.stop());

/** What a client gets that asks once for all that is unread, and after that for what is missing. */
async function unreadOf(as: ClientName): Promise<number[][]> {
  const address = { host: '127.0.0.1', port: cluster.port('msg_server', 0, 'client') };
  const bob = await Peer.open({ as, label: as, address, deadlineMs: 20_000 });
  await bob.logIn({ name: 'bob', passwordMd5: passwordDigest(testPassword), id: ids.bob });
  const { unreadinfoList } = await bob.ask(C.MsgUnreadCntRequest, C.MsgUnreadCntResponse, { userId: 0 });
  expect(unreadinfoList).toMatchObject([{ sessionId: ids.ann, unreadCnt: count, latestMsgId: count }]);
  const answers: number[][] = [];
  for (let left = count; left > 0; left -= answers.at(-1)!.length) {
    const session = { userId: 0, sessionType: 1, sessionId: ids.ann } as const;
    const { msgList } = await bob.ask(C.MsgListRequest, C.MsgListResponse, {
      ...session,
      msgIdBegin: left,
      msgCnt: left,
    });
    expect(msgList.length).toBeGreaterThan(0);
    answers.push(msgList.map(({ msgId }) => msgId));
  }
  expect(bob.rules.violation).toBeUndefined();
  await bob.leave();
  return answers;
}

const newestFirst = Array.from({ length: count }, (_, i) => count - i);

it('1,500 unread messages are had with one request', async () => {
  expect(await unreadOf('windows')).toEqual([newestFirst]);
});

it('Android has them in as many frames of 400 KiB as they take', async () => {
  const answers = await unreadOf('android');
  expect(answers.length).toBeGreaterThan(1);
  expect(answers[0]!.length).toBeGreaterThan(500);
  expect(answers.flat()).toEqual(newestFirst);
});
