import { Commands as C, IM } from '@teamtalk/protocol';
import { answer, type Case, exchange, pdu, script } from '../case.js';
import { listedFile, offlineFiles, untilOffline } from '../file-transfer.js';
import { check } from '../match.js';
import type { Peer } from '../peer.js';

const { FILE_TYPE_ONLINE: online, FILE_TYPE_OFFLINE: offline } = IM.BaseDefine.TransferFileType;
/** An unused id. */
const nobody = 0x7fff_0000;
const file = { fileName: '报告.pdf', fileSize: 100_000 };

/** Asks for a transfer as a client does. */
async function offer(from: Peer, toUserId: number, transMode: typeof online | typeof offline) {
  return from.ask(
    C.FileRequest,
    C.FileResponse,
    { fromUserId: 0, toUserId, ...file, transMode },
    { resultCode: 0, fromUserId: from.id, toUserId, fileName: file.fileName, taskId: (id) => id.length > 0 },
  );
}

/** The signalling of file transfers on msg_server (client-behaviour.md#files). */
export const fileCases: readonly Case[] = [
  script({
    name: 'files/a file is offered to the receiver’s PC, with the task and where it is',
    commands: [C.FileRequest, C.FileResponse, C.FileNotify],
    is: 'success',
    proves: ['client-push-seq'],
    given: { a: 'a', b: 'b@1', phone: 'b ios', c: 'c' },
    run: async ({ a, b, phone, c }, world) => {
      const { taskId, ipAddrList, transMode } = await offer(a, b.id, online);
      check(transMode === online, 'not online, with the receiver’s PC there');
      check(ipAddrList.length > 0 && ipAddrList.every(({ ip, port }) => ip !== '' && port > 0), 'no address');
      await b.get(C.FileNotify, {
        fromUserId: a.id,
        toUserId: b.id,
        ...file,
        taskId,
        ipAddrList,
        transMode: online,
        offlineReady: 0,
      });
      const another = await offer(a, b.id, online);
      check(another.taskId !== taskId, 'the same task twice');
      await world.fence(a, b, phone, c);
      for (const peer of [phone, c]) peer.expectNone(C.FileNotify);
    },
  }),
  script({
    name: 'files/online to somebody who is on a mobile only becomes offline',
    commands: [C.FileRequest, C.FileResponse],
    is: 'success',
    given: { a: 'a', phone: 'd android@1' },
    run: async ({ a, phone }, world) => {
      await untilOffline(a, phone.id, world);
      const { transMode } = await offer(a, phone.id, online);
      check(transMode === offline, 'online, without a PC of the receiver');
    },
  }),
  exchange({
    name: 'files/a file to nobody is refused',
    commands: [C.FileRequest, C.FileResponse],
    is: 'refusal',
    onOriginal: ['original-file-to-nobody'],
    given: { a: 'a', b: 'b@1' },
    from: 'a',
    send: () => pdu(C.FileRequest, { fromUserId: 0, toUserId: nobody, ...file, transMode: offline }),
    receive: () => ({
      a: [answer(C.FileResponse, { resultCode: (code) => code !== 0, toUserId: nobody, taskId: '' })],
    }),
  }),
  script({
    name: 'files/the list of files that wait is one’s own, with the addresses',
    commands: [C.FileHasOfflineReq, C.FileHasOfflineRes],
    is: 'success',
    given: { a: 'a' },
    run: async ({ a }) => {
      const { ipAddrList, offlineFileList } = await offlineFiles(a);
      check(ipAddrList.length > 0 && ipAddrList.every(({ ip, port }) => ip !== '' && port > 0), 'no address');
      check(
        offlineFileList.every(({ taskId }) => taskId !== ''),
        'a file without a task',
      );
    },
  }),
  script({
    name: 'files/a stranger can neither list nor claim another user’s task',
    commands: [
      C.FileAddOfflineReq,
      C.FileNotify,
      C.FileHasOfflineReq,
      C.FileHasOfflineRes,
      C.FileDelOfflineReq,
    ],
    is: ['refusal', 'fix'],
    proves: ['defect-foreign-file-task'],
    given: { a: 'a', b: 'b@1', c: 'c' },
    run: async ({ a, b, c }, world) => {
      const { taskId } = await offer(a, b.id, offline);
      await b.get(C.FileNotify, { taskId });
      // Claims that the sender is the receiver of the task, and a stranger its sender.
      c.send(C.FileAddOfflineReq, { fromUserId: a.id, toUserId: c.id, taskId, ...file });
      c.send(C.FileAddOfflineReq, { fromUserId: a.id, toUserId: b.id, taskId: `${taskId}x`, ...file });
      c.send(C.FileDelOfflineReq, { fromUserId: a.id, toUserId: b.id, taskId });
      await world.fence(c, a, b);
      b.expectNone(C.FileNotify, { fromUserId: a.id, offlineReady: 1 });
      c.expectNone(C.FileNotify);
      check((await listedFile(c, taskId)) === undefined, 'listed');
    },
  }),
];
