import { TestCluster } from '@teamtalk/cluster';
import { createTextCodec, DEFAULT_TEXT_KEY, MsgType } from '@teamtalk/protocol';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { documentedAnswer, documentedExamples } from './http-api-document.js';

const text = createTextCodec(DEFAULT_TEXT_KEY);
let cluster: TestCluster;

beforeAll(async () => {
  cluster = await TestCluster.start({ http_msg_server: 1 });
  await cluster.addUsers(['u1', 'u2', 'u3', 'u4', 'u5', 'u6', 'u7', 'u8']);
  await cluster.sql(`INSERT INTO chat_group (id, name, type) VALUES (123, 'there', 1)`);
});
afterAll(() => cluster?.stop());

/** As `curl --data-binary` sends it. */
async function post(path: keyof typeof documentedExamples): Promise<string> {
  const response = await fetch(`${cluster.url('http_msg_server')}/${path.replace(/^\//, '')}`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: documentedExamples[path],
  });
  expect(response.status).toBe(200);
  return Buffer.from(await response.arrayBuffer()).toString();
}

it('a message to one user', async () => {
  const receiver = await cluster.connect('u1');
  expect(await post('/query/SendP2PMessage')).toBe(documentedAnswer);
  const message = await receiver.nextMessage();
  expect(message).toMatchObject({ fromUserId: 8, type: MsgType.PUSH_NOTICE });
  expect(text.decrypt(message.data)).toBe('{"url:","http://www.mworldex.com/note/id"}');
});

it('a broadcast', async () => {
  const receivers = await Promise.all(['u1', 'u2'].map((name) => cluster.connect(name)));
  expect(await post('query/SendBroadCastMessage')).toBe(documentedAnswer);
  for (const receiver of receivers) {
    const message = await receiver.nextMessage();
    expect(message).toMatchObject({ fromUserId: 8, type: MsgType.PUSH_NOTICE });
    expect(text.decrypt(message.data)).toBe('{"url:","http://ip/note/id"}');
  }
});

it('a new group', async () => {
  const answer = await post('/query/CreateGroup');
  const { group_id: id } = JSON.parse(answer);
  expect(answer).toBe(`{"error_code":0,"error_msg":"成功","group_id":${id}}`);
  expect(
    await cluster.sql('SELECT name, type, avatar, creator_id FROM chat_group WHERE id = $1', [id]),
  ).toEqual([{ name: '测试群', type: 1, avatar: 'http://dadsd/dsds/icon.png', creator_id: 1 }]);
});

it('a change of members', async () => {
  expect(await post('/query/ChangeMembers')).toBe(documentedAnswer);
  expect(await cluster.sql('SELECT user_id FROM group_member WHERE group_id = 123')).toEqual([
    { user_id: 1 },
  ]);
});
