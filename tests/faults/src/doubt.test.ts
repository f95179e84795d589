import { setTimeout as delay } from 'node:timers/promises';
import { TestCluster } from '@teamtalk/cluster';
import { Commands, createTextCodec, DEFAULT_TEXT_KEY, decodeBody, MsgType } from '@teamtalk/protocol';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ChaosServers } from './chaos/testbed/chaos-servers.js';

let servers: ChaosServers;
let cluster: TestCluster;
beforeAll(async () => {
  servers = await ChaosServers.start();
  cluster = await TestCluster.start({ infrastructure: servers, db_proxy_server: 2 });
}, 120_000);
afterAll(() => cluster?.stop());

/** Windows clients send a message without an ack again after this long, on the same connection, milliseconds. */
const repeatMs = 5_000;

it('a message repeated on its connection while PostgreSQL stands still for 33.5 s is stored once', async () => {
  const ids = await cluster.addUsers(['w-sender', 'w-receiver']);
  const sender = await cluster.connect('w-sender', { client: { reconnect: false } });
  const receiver = await cluster.connect('w-receiver');
  const received: number[] = [];
  receiver.on('message', ({ msgId }) => received.push(msgId));
  const acks: number[] = [];
  sender.on('pdu', ({ commandId, seqNum, body }) => {
    if (commandId === Commands.MsgDataAck.id && seqNum === 0x4001) {
      acks.push(decodeBody(Commands.MsgDataAck, Buffer.from(body)).msgId);
    }
  });
  const message = {
    fromUserId: ids['w-sender'],
    toSessionId: ids['w-receiver'],
    msgId: 0,
    createTime: 0,
    msgType: MsgType.SINGLE_TEXT,
    msgData: createTextCodec(DEFAULT_TEXT_KEY).encrypt('once'),
  };
  await sender.send({ user: ids['w-receiver'] }, 'before');

  servers.process('postgres').signal('SIGSTOP');
  const goesOn = setTimeout(() => servers.process('postgres').signal('SIGCONT'), 33_500);
  try {
    for (let repeats = 0; acks.length === 0 && repeats < 12; repeats++) {
      await sender.sendPdu(Commands.MsgData, message, 0x4001);
      await delay(repeatMs);
    }
  } finally {
    clearTimeout(goesOn);
    servers.process('postgres').signal('SIGCONT');
  }
  await sender.sendPdu(Commands.MsgData, message, 0x4001);
  await sender.send({ user: ids['w-receiver'] }, 'after');
  await cluster.settle();
  expect(sender.isOnline).toBe(true);
  expect(new Set(acks)).toEqual(new Set([2]));
  expect(received).toEqual([1, 2, 3]);
  const rows = await cluster.sql<{ id: number }>('SELECT id FROM message ORDER BY id');
  expect(rows.map(({ id }) => id)).toEqual([1, 2, 3]);
}, 120_000);
