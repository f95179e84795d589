import { TestCluster } from '@teamtalk/cluster';
import { afterAll, beforeAll, expect, it } from 'vitest';

// Of what a cluster inside one process shows, the shortest for one of processes: one-cluster/conversation.ts.
let cluster: TestCluster;

beforeAll(async () => {
  cluster = await TestCluster.start({
    mode: 'processes',
    msg_server: 2,
    route_server: 2,
    db_proxy_server: 2,
  });
});

afterAll(() => cluster?.stop());

it('two users on two msg_servers exchange a message', async () => {
  const ids = await cluster.addUsers(['ann', 'ben']);
  const ann = await cluster.connect('ann', { server: 0 });
  const ben = await cluster.connect('ben', { server: 1 });
  const incoming = ben.messages();
  const sent = await ann.send({ user: ids.ben }, 'hello');
  expect(sent.msgId).toBe(1);
  const { value } = await incoming.next();
  expect(value).toMatchObject({ msgId: 1, fromUserId: ids.ann, text: 'hello' });

  const back = ann.messages();
  expect((await ben.send({ user: ids.ann }, 'hello, too')).msgId).toBe(2);
  expect((await back.next()).value).toMatchObject({ msgId: 2, text: 'hello, too' });

  await cluster.settle();
  expect(await cluster.metric('msg_server', 1, 'messages_delivered_total')).toBe(1);
  expect(await cluster.sql('SELECT last_id FROM conversation')).toEqual([{ last_id: 2 }]);
});
