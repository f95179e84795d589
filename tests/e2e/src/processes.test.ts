import { rendezvous } from '@teamtalk/bus';
import { TeamTalkClient } from '@teamtalk/client';
import { TestCluster, testPassword } from '@teamtalk/cluster';
import { waitUntil } from '@teamtalk/local-stack';
import { ClientType, Commands } from '@teamtalk/protocol';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { recordPdus } from './record-pdus.js';

const online = 1;
const offline = 2;

// Checks what only separate processes show, and the shortest case of one-cluster/conversation.ts.
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

it('a mobile is notified when the user’s PC comes and goes, and at login if the PC is online', async () => {
  const ids = await cluster.addUsers(['both', 'alone']);
  const mobile = await cluster.connect('both', { server: 0, clientType: ClientType.ANDROID });
  const stranger = await cluster.connect('alone', { server: 0, clientType: ClientType.ANDROID });
  const [received, receivedByStranger] = [mobile, stranger].map((client) =>
    recordPdus(client, Commands.BuddyListPcLoginStatusNotify),
  );
  const pc = await cluster.connect('both', { server: 1 });
  await waitUntil(() => received!.length === 1, { what: 'the PC told' });
  await mobile.close();
  // Recording starts before login, since the notification follows its reply immediately.
  const port = cluster.port('msg_server', 0, 'client');
  const again = new TeamTalkClient({ host: '127.0.0.1', port, reconnect: false });
  const receivedAgain = recordPdus(again, Commands.BuddyListPcLoginStatusNotify);
  await again.login({ name: 'both', password: testPassword, clientType: ClientType.IOS });
  await waitUntil(() => receivedAgain.length === 1, { what: 'the PC told to the newcomer' });
  await pc.close();
  await waitUntil(() => receivedAgain.length === 2, { what: 'the PC gone' });
  expect([...received!, ...receivedAgain]).toMatchObject([
    { seqNum: 0, userId: ids.both, loginStat: online },
    { seqNum: 0, userId: ids.both, loginStat: online },
    { seqNum: 0, userId: ids.both, loginStat: offline },
  ]);
  expect(receivedByStranger).toEqual([]);
  await again.close();
});

it('a mobile kicks the user’s PC on another msg_server, and stays', async () => {
  const ids = await cluster.addUsers(['kicker']);
  const mobile = await cluster.connect('kicker', { server: 0, clientType: ClientType.IOS });
  const pc = await cluster.connect('kicker', { server: 1 });
  const kicked = new Promise<number>((resolve) => pc.once('kicked', ({ reason }) => resolve(reason)));
  expect(
    await mobile.request(Commands.LoginReqKickpcclient, Commands.LoginResKickpcclient, { userId: 0 }),
  ).toMatchObject({ userId: ids.kicker, resultCode: 0 });
  expect(await kicked).toBe(2);
  await waitUntil(() => !pc.isConnected, { what: 'the kicked connection closed' });
  await waitUntil(async () => (await mobile.usersStatus([ids.kicker]))[0]?.status === offline, {
    what: 'offline',
  });
  expect(mobile.isOnline).toBe(true);
});

it('a PC going offline is announced although the responsible route_server is dead', async () => {
  const ids = await cluster.addUsers(['leaver', 'watcher-0', 'watcher-1']);
  const watchers = await Promise.all(
    [0, 1].map((server) => cluster.connect(`watcher-${server}`, { server })),
  );
  const statuses = watchers.map((client) => recordPdus(client, Commands.BuddyListStatusNotify));
  const statusesOf = (userId: number) =>
    statuses.map((list) =>
      list.filter(({ userStat }) => userStat.userId === userId).map(({ userStat }) => userStat.status),
    );
  const leaver = await cluster.connect('leaver', { server: 0 });
  await waitUntil(() => statusesOf(ids.leaver).every((list) => list.length === 1), { what: 'online told' });

  const routeServers = [0, 1].map((k) => ({ k, instance: cluster.node('route_server', k).instance }));
  const acting = rendezvous(ids.leaver, routeServers)!;
  await cluster.kill('route_server', acting.k);
  await leaver.close();
  await waitUntil(() => statusesOf(ids.leaver).every((list) => list.length === 2), { what: 'offline told' });
  expect(statusesOf(ids.leaver)).toEqual([
    [online, offline],
    [online, offline],
  ]);
});
