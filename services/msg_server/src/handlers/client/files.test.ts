import { fileServerQueue, HeartbeatPublisher, type teamtalk, topics } from '@teamtalk/bus';
import { waitUntil } from '@teamtalk/local-stack';
import { Commands, IM } from '@teamtalk/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TestClient, TestServer } from '../../testing/test-server.js';

const { FILE_TYPE_ONLINE: online, FILE_TYPE_OFFLINE: offline } = IM.BaseDefine.TransferFileType;

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
});
afterAll(() => server.stop());

/** In the fake presence users with odd numbers are on a PC. */
const send = (client: TestClient, toUserId: number, transMode: typeof online | typeof offline) =>
  client.ask(
    Commands.FileRequest,
    { fromUserId: 99, toUserId, fileName: 'a.txt', fileSize: 1234, transMode },
    Commands.FileResponse,
  );

const noticesOf = () => server.route.notifiesOf(Commands.FileNotify);

describe('without a file_server', () => {
  it('0x0506 is answered with result_code 1, and nobody is notified', async () => {
    const client = await server.logIn(1);
    expect(await send(client, 2, online)).toMatchObject({
      resultCode: 1,
      fromUserId: 1,
      toUserId: 2,
      fileName: 'a.txt',
      taskId: '',
      ipAddrList: [],
      transMode: offline,
    });
    await server.bus.flush();
    expect(server.route.notifies).toEqual([]);
  });
});

describe('with a file_server', () => {
  const asked: teamtalk.bus.FileTaskRequest[] = [];
  let answer: teamtalk.bus.FileTask.$Properties;
  let announcers: HeartbeatPublisher[];

  beforeAll(async () => {
    answer = { taskId: 'task-1', ip: '10.0.0.8', port: 8600 };
    server.bus.answer(
      topics.fileTask,
      (request) => {
        asked.push(request);
        return answer;
      },
      { queue: fileServerQueue },
    );
    announcers = [false, true].map(
      (draining, i) =>
        new HeartbeatPublisher(
          server.bus,
          { instance: 800 + i, service: 'file_server', hostname: 'h' },
          () => ({
            ip1: `10.0.0.${i}`,
            port: 8600,
            draining,
          }),
        ),
    );
    await server.bus.flush();
  });
  afterAll(() => Promise.all(announcers.map((each) => each.stop())));

  it('0x0506: the task goes to the sender by 0x0507 and to the receiver’s PCs by 0x0508', async () => {
    const client = await server.logIn(1);
    expect(await send(client, 3, online)).toMatchObject({
      resultCode: 0,
      fromUserId: 1,
      toUserId: 3,
      fileName: 'a.txt',
      taskId: 'task-1',
      ipAddrList: [
        { ip: '10.0.0.8', port: 8600 },
        { ip: '10.0.0.0', port: 8600 },
      ],
      transMode: online,
    });
    expect(asked.at(-1)).toMatchObject({
      fromUserId: 1,
      toUserId: 3,
      fileName: 'a.txt',
      fileSize: 1234,
      transMode: online,
    });
    await waitUntil(() => noticesOf().length === 1, { what: 'the notice' });
    expect(noticesOf()[0]).toMatchObject({
      userIds: [3],
      clientClass: 1,
      seqNum: 0,
      message: {
        fromUserId: 1,
        toUserId: 3,
        fileName: 'a.txt',
        fileSize: 1234,
        taskId: 'task-1',
        ipAddrList: [
          { ip: '10.0.0.8', port: 8600 },
          { ip: '10.0.0.0', port: 8600 },
        ],
        transMode: online,
        offlineReady: 0,
      },
    });
  });

  it('0x0506 becomes offline when the receiver has no PC online, or is the sender', async () => {
    const client = await server.logIn(1);
    for (const receiver of [4, 1]) {
      expect(await send(client, receiver, online)).toMatchObject({ resultCode: 0, transMode: offline });
      expect(asked.at(-1)).toMatchObject({ toUserId: receiver, transMode: offline });
    }
    expect(await send(client, 3, offline)).toMatchObject({ resultCode: 0, transMode: offline });
  });

  it('0x0506 is refused with 2 for a receiver who does not exist, and by the file_server', async () => {
    const client = await server.logIn(1);
    const before = asked.length;
    for (const nobody of [5_000, 0]) {
      expect(await send(client, nobody, offline)).toMatchObject({
        resultCode: 2,
        taskId: '',
        ipAddrList: [],
      });
    }
    expect(asked).toHaveLength(before);
    answer = { taskId: '' };
    expect(await send(client, 3, offline)).toMatchObject({ resultCode: 2, taskId: '' });
  });

  it('0x0509: lists waiting files and where to fetch them', async () => {
    const client = await server.logIn(1);
    server.db.answers.replies.listOfflineFiles = {
      files: [{ fromUserId: 2, taskId: 't', fileName: 'b.txt', fileSize: 5 }, { fromUserId: 3 }],
    };
    const list = await client.ask(Commands.FileHasOfflineReq, { userId: 99 }, Commands.FileHasOfflineRes);
    expect(server.db.answers.asked('listOfflineFiles')).toMatchObject([{ userId: 1 }]);
    expect(list).toMatchObject({
      userId: 1,
      offlineFileList: [
        { fromUserId: 2, taskId: 't', fileName: 'b.txt', fileSize: 5 },
        { fromUserId: 3, taskId: '', fileName: '', fileSize: 0 },
      ],
      // Not the one that is draining.
      ipAddrList: [{ ip: '10.0.0.0', port: 8600 }],
    });
  });

  it('0x050b: notifies the receiver’s PCs of a complete upload with the task’s name and size, and of nothing else', async () => {
    const client = await server.logIn(1);
    const before = noticesOf().length;
    const file = { toUserId: 3, taskId: 't-9', fileName: 'c.txt', fileSize: 7 };
    const claimed = { fromUserId: 99, ...file, fileName: '../c', fileSize: 8 };
    server.db.answers.replies.addOfflineFile = async ({ taskId }) =>
      taskId === 't-9' ? { done: true, file } : { done: false, remembered: taskId === 'half' };
    const refused = () => server.metric('requests_refused_total', { command: '0x050b' });
    await client.send(Commands.FileAddOfflineReq, { ...claimed, taskId: 'another’s' });
    await client.send(Commands.FileAddOfflineReq, { ...claimed, taskId: 'half' });
    await client.send(Commands.FileAddOfflineReq, claimed);
    await waitUntil(() => noticesOf().length > before, { what: 'the notice' });
    expect(server.db.answers.asked('addOfflineFile').at(-1)).toMatchObject({
      fromUserId: 1,
      toUserId: 3,
      taskId: 't-9',
    });
    expect(noticesOf().slice(before)).toMatchObject([
      {
        userIds: [3],
        clientClass: 1,
        seqNum: 0,
        message: { fromUserId: 1, ...file, transMode: offline, offlineReady: 1 },
      },
    ]);
    await client.roundTrip();
    expect(server.db.answers.asked('confirmFileAnnouncements')).toMatchObject([{ taskIds: ['t-9'] }]);
    expect(await refused()).toBe(1);
    expect(client.pending).toEqual([]);
  });

  it('0x050c: removes only files for the user, whatever the order of the ids', async () => {
    const client = await server.logIn(1);
    await client.send(Commands.FileDelOfflineReq, { fromUserId: 2, toUserId: 77, taskId: 't' });
    await client.send(Commands.FileDelOfflineReq, { fromUserId: 1, toUserId: 2, taskId: 'u' });
    await client.ask(Commands.MsgTimeRequest, {}, Commands.MsgTimeResponse);
    expect(client.pending).toEqual([]);
    expect(server.db.answers.asked('deleteOfflineFile')).toMatchObject([
      { userId: 1, fromUserId: 2, taskId: 't' },
      { userId: 1, fromUserId: 2, taskId: 'u' },
    ]);
  });
});
