import type { TeamTalkClient } from '@teamtalk/client';
import { waitUntil } from '@teamtalk/local-stack';
import { ClientType, Commands } from '@teamtalk/protocol';
import { expect, it } from 'vitest';
import { cluster } from './cluster.js';

/** A user's clients on two msg_servers, and the reasons for which they were kicked. */
async function clientsOf(name: string) {
  const kicks = new Map<TeamTalkClient, number>();
  const watched = async (options: Parameters<typeof cluster.connect>[1]) => {
    const client = await cluster.connect(name, options);
    client.on('kicked', ({ reason }) => kicks.set(client, reason));
    return client;
  };
  return {
    kicks,
    windows: (server: number) => watched({ server }),
    android: (server: number) => watched({ server, clientType: ClientType.ANDROID }),
    web: (server: number) => watched({ server, clientVersion: 'web/0.1.0' }),
  };
}

it('a web session receives and sends everything that a PC and a phone do', async () => {
  const ids = await cluster.addUsers(['web-ann', 'web-ben']);
  const ann = await clientsOf('web-ann');
  const [pc, phone, web] = [await ann.windows(0), await ann.android(1), await ann.web(1)];
  const ben = await cluster.connect('web-ben');
  const { msgId } = await ben.send({ user: ids['web-ann'] }, 'to all of ann');
  for (const client of [pc, phone, web]) expect((await client.nextMessage()).text).toBe('to all of ann');
  const reads: string[] = [];
  pc.on('read', (read) => reads.push(`pc ${read.msgId}`));
  phone.on('read', (read) => reads.push(`phone ${read.msgId}`));
  await web.markRead({ user: ids['web-ben'] }, msgId);
  await waitUntil(() => reads.length === 2, { what: 'both are told of the read mark' });
  expect(reads.sort()).toEqual([`pc ${msgId}`, `phone ${msgId}`]);
  await web.send({ user: ids['web-ben'] }, 'from the page');
  await phone.send({ user: ids['web-ben'] }, 'from the phone');
  expect((await web.nextMessage()).text).toBe('from the phone');
  for (const text of ['from the page', 'from the phone']) expect((await pc.nextMessage()).text).toBe(text);
  expect((await phone.nextMessage()).text).toBe('from the page');
  expect(ann.kicks.size).toBe(0);
});

it('five web sessions, a PC and a phone coexist; a sixth web session kicks the oldest', async () => {
  await cluster.addUsers(['web-many']);
  const many = await clientsOf('web-many');
  const [pc, phone] = [await many.windows(0), await many.android(1)];
  const webs: TeamTalkClient[] = [];
  for (let i = 0; i < 5; i++) webs.push(await many.web(i % 2));
  const mac = await cluster.connect('web-many', { server: 1, clientType: ClientType.MAC });
  await waitUntil(() => many.kicks.size === 1, { what: 'the PC is kicked by the Mac' });
  expect(many.kicks.get(pc)).toBe(1);
  webs.push(await many.web(1));
  await waitUntil(() => many.kicks.size === 2, { what: 'one web session is kicked' });
  expect(many.kicks.get(webs[0]!)).toBe(1);
  for (const client of [phone, mac, ...webs.slice(1)]) expect(client.isOnline).toBe(true);
});

it('a user with only web sessions is online to others, and their phone can end these', async () => {
  const ids = await cluster.addUsers(['web-only', 'web-watcher']);
  const watcher = await cluster.connect('web-watcher');
  const told: number[] = [];
  watcher.on('status', ({ userId, status }) => {
    if (userId === ids['web-only']) told.push(status);
  });
  const only = await clientsOf('web-only');
  const phone = await only.android(1);
  const seenByPhone: boolean[] = [];
  phone.on('pc', ({ isOnline }) => seenByPhone.push(isOnline));
  const web = await only.web(0);
  const pc = await only.windows(1);
  await pc.close();
  await waitUntil(() => told.length > 0 && seenByPhone.length > 0, { what: 'online is told' });
  expect((await watcher.usersStatus([ids['web-only']]))[0]?.status).toBe(1);
  await phone.request(Commands.LoginReqKickpcclient, Commands.LoginResKickpcclient, { userId: 0 });
  await waitUntil(() => only.kicks.get(web) === 2, { what: 'the web session is kicked' });
  await waitUntil(() => told.length > 1 && seenByPhone.length > 1, { what: 'offline is told' });
  expect([told, seenByPhone]).toEqual([
    [1, 2],
    [true, false],
  ]);
});
