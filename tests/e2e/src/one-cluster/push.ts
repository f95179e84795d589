import { createTextCodec, DEFAULT_TEXT_KEY, MsgType } from '@teamtalk/protocol';
import { expect, it } from 'vitest';
import { cluster } from './cluster.js';

async function push(body: unknown): Promise<string> {
  const response = await fetch(`${cluster.url('http_msg_server')}/query/SendP2PMessage`, {
    method: 'POST',
    body: JSON.stringify(body),
  });
  expect(response.status).toBe(200);
  return response.text();
}

it('reaches an online user in under a second, readable to clients, as a push notice', async () => {
  const ids = await cluster.addUsers(['system', 'here']);
  const here = await cluster.connect('here', { server: 1 });
  const begun = performance.now();
  expect(
    await push({
      from_user_id: ids.system,
      session_id: ids.here,
      msg: '{"url":"http://ip/note/1"}',
      msg_type: 3,
    }),
  ).toBe('{"error_code":0,"error_msg":"成功"}');
  const message = await here.nextMessage(1_000);
  expect(performance.now() - begun).toBeLessThan(1_000);
  expect(message).toMatchObject({ fromUserId: ids.system, type: MsgType.PUSH_NOTICE, msgId: 1 });
  expect(createTextCodec(DEFAULT_TEXT_KEY).decrypt(message.data)).toBe('{"url":"http://ip/note/1"}');
});

it('waits in the unread list of an offline user', async () => {
  const ids = await cluster.addUsers(['robot', 'away']);
  await push({ req_user_id: ids.robot, session_id: ids.away, msg: '中文' });
  const away = await cluster.connect('away');
  const { total, sessions } = await away.unread();
  expect(total).toBe(1);
  expect(sessions).toMatchObject([
    {
      sessionId: ids.robot,
      unreadCnt: 1,
      latestMsgType: MsgType.PUSH_NOTICE,
      latestMsgFromUserId: ids.robot,
    },
  ]);
  expect((await away.history({ user: ids.robot }))[0]?.text).toBe('中文');
});
