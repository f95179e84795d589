import type { TestCluster } from '@teamtalk/cluster';
import { RawConnection, waitUntil } from '@teamtalk/local-stack';
import { ClientType, Commands, decodeBody, encodePdu, IM } from '@teamtalk/protocol';
import { expect, it } from 'vitest';
import { recordPdus } from '../record-pdus.js';
import { cluster } from './cluster.js';

type Client = Awaited<ReturnType<TestCluster['connect']>>;
type TransMode = IM.BaseDefine.TransferFileType;

const { FILE_TYPE_ONLINE: online, FILE_TYPE_OFFLINE: offline } = IM.BaseDefine.TransferFileType;

const sendFile = (client: Client, toUserId: number, transMode: TransMode) =>
  client.request(Commands.FileRequest, Commands.FileResponse, {
    fromUserId: 0,
    toUserId,
    fileName: '报告.pdf',
    fileSize: 1_000_000,
    transMode,
  });
const waitingFor = async (client: Client) =>
  client.request(Commands.FileHasOfflineReq, Commands.FileHasOfflineRes, { userId: 0 });
/** Uploads zeros as a legacy client does. */
async function upload(port: number, userId: number, taskId: string): Promise<void> {
  const connection = await RawConnection.open(port);
  const login = { userId, taskId, fileRole: IM.BaseDefine.ClientFileRole.CLIENT_OFFLINE_UPLOAD };
  await connection.send(encodePdu(Commands.FileLoginReq, login, 1));
  await connection.next(({ commandId }) => commandId === Commands.FileLoginRes.id);
  for (;;) {
    const { commandId, body } = await connection.next();
    if (commandId !== Commands.FilePullDataReq.id) break;
    const { offset, dataSize } = decodeBody(Commands.FilePullDataReq, body);
    const reply = { resultCode: 0, taskId, userId, offset, fileData: Buffer.alloc(dataSize) };
    await connection.send(encodePdu(Commands.FilePullDataRsp, reply, 0));
  }
  await connection.closed;
}
const ports = () => [0, 1].map((k) => cluster.port('file_server', k, 'client'));

it('a file is offered to a PC on another msg_server, with the task of one of the file_servers', async () => {
  const ids = await cluster.addUsers(['f-sender', 'f-receiver']);
  const sender = await cluster.connect('f-sender', { server: 0 });
  const pc = await cluster.connect('f-receiver', { server: 1 });
  const mobile = await cluster.connect('f-receiver', { server: 1, clientType: ClientType.IOS });
  const offers = recordPdus(pc, Commands.FileNotify);
  const onMobile = recordPdus(mobile, Commands.FileNotify);
  const answer = await sendFile(sender, ids['f-receiver'], online);
  expect(answer).toMatchObject({
    resultCode: 0,
    fromUserId: ids['f-sender'],
    toUserId: ids['f-receiver'],
    transMode: online,
    ipAddrList: [{ ip: '127.0.0.1' }, { ip: '127.0.0.1' }],
  });
  expect(answer.taskId).toMatch(/^[0-9a-f-]{36}$/);
  expect(answer.ipAddrList.map(({ port }) => port).sort()).toEqual(ports().sort());
  await waitUntil(() => offers.length === 1, { what: 'the offer' });
  const { resultCode: _, seqNum: __, ...offer } = { ...answer, seqNum: 0 };
  expect(offers).toMatchObject([{ ...offer, fileSize: 1_000_000, seqNum: 0, offlineReady: 0 }]);
  expect(onMobile).toEqual([]);
});

it('an offline file waits for its receiver, and is nobody else’s to see or to take off the list', async () => {
  const ids = await cluster.addUsers(['o-sender', 'o-receiver', 'o-stranger']);
  const sender = await cluster.connect('o-sender', { server: 0 });
  const stranger = await cluster.connect('o-stranger', { server: 0 });
  const { taskId, transMode, ipAddrList: addresses } = await sendFile(sender, ids['o-receiver'], online);
  expect(transMode).toBe(offline);
  const file = { toUserId: ids['o-receiver'], taskId, fileName: '报告.pdf', fileSize: 1_000_000 };

  const receiver = await cluster.connect('o-receiver', { server: 1 });
  const notices = recordPdus(receiver, Commands.FileNotify);
  // Before the upload is complete nobody is told.
  await sender.sendPdu(Commands.FileAddOfflineReq, { fromUserId: ids['o-sender'], ...file });
  await sender.serverTime();
  expect((await waitingFor(receiver)).offlineFileList).toEqual([]);
  await upload(addresses[0]!.port, ids['o-sender'], taskId);
  await waitUntil(() => notices.length === 1, { what: 'the notice' });
  // Announcing a file again may notify again, which clients tolerate; never in another user's name.
  await sender.sendPdu(Commands.FileAddOfflineReq, { fromUserId: ids['o-stranger'], ...file });
  await sender.serverTime();
  for (const notice of notices) {
    expect(notice).toMatchObject({
      seqNum: 0,
      fromUserId: ids['o-sender'],
      ...file,
      transMode: offline,
      offlineReady: 1,
    });
  }
  const { offlineFileList, ipAddrList } = await waitingFor(receiver);
  expect(offlineFileList).toMatchObject([{ fromUserId: ids['o-sender'], taskId, fileName: '报告.pdf' }]);
  expect(ipAddrList.map(({ port }) => port).sort()).toEqual(ports().sort());
  expect((await waitingFor(stranger)).offlineFileList).toEqual([]);

  const take = { fromUserId: ids['o-sender'], toUserId: ids['o-receiver'], taskId };
  for (const other of [stranger, sender]) {
    await other.sendPdu(Commands.FileDelOfflineReq, take);
    await other.serverTime();
  }
  expect((await waitingFor(receiver)).offlineFileList).toHaveLength(1);
  await receiver.sendPdu(Commands.FileDelOfflineReq, take);
  expect((await waitingFor(receiver)).offlineFileList).toEqual([]);
});

it('without a file_server the answer says so', async () => {
  const ids = await cluster.addUsers(['n-sender', 'n-receiver']);
  const sender = await cluster.connect('n-sender');
  for (const k of [0, 1]) await cluster.stopNode('file_server', k);
  expect(await sendFile(sender, ids['n-receiver'], online)).toMatchObject({
    resultCode: 1,
    taskId: '',
    ipAddrList: [],
    transMode: offline,
  });
  expect((await waitingFor(sender)).ipAddrList).toEqual([]);
});

it('a P2P command reaches the receiver and the sender’s other client, from who really sent it', async () => {
  const ids = await cluster.addUsers(['c-sender', 'c-receiver']);
  const sender = await cluster.connect('c-sender', { server: 0 });
  const others = [
    await cluster.connect('c-sender', { server: 1, clientType: ClientType.IOS }),
    await cluster.connect('c-receiver', { server: 1 }),
    await cluster.connect('c-receiver', { server: 0, clientType: ClientType.ANDROID }),
  ];
  const lists = others.map((client) => recordPdus(client, Commands.SwitchP2pCmd));
  const own = recordPdus(sender, Commands.SwitchP2pCmd);
  await sender.sendPdu(Commands.SwitchP2pCmd, {
    fromUserId: ids['c-receiver'],
    toUserId: ids['c-receiver'],
    cmdMsgData: '{"cmd_id":65537}',
  });
  await waitUntil(() => lists.every((list) => list.length === 1), { what: 'all told' });
  for (const [command] of lists) {
    expect(command).toMatchObject({
      seqNum: 0,
      fromUserId: ids['c-sender'],
      toUserId: ids['c-receiver'],
      cmdMsgData: '{"cmd_id":65537}',
    });
  }
  await sender.serverTime();
  expect(own).toEqual([]);
});
