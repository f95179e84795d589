import { randomBytes } from 'node:crypto';
import { Commands as C, IM } from '@teamtalk/protocol';
import { type Case, script } from '../case.js';
import { block, type FilePeer, Role } from '../file-peer.js';
import {
  announceFile,
  listedFile,
  type Offer,
  offlineFiles,
  removeFile,
  requestFile,
  type TransMode,
  untilOffline,
  windowsPull,
} from '../file-transfer.js';
import { check } from '../match.js';
import type { Peer } from '../peer.js';
import type { World } from '../world.js';

const { FILE_TYPE_ONLINE: online, FILE_TYPE_OFFLINE: offline } = IM.BaseDefine.TransferFileType;
const { CLIENT_FILE_PEER_READY, CLIENT_FILE_DONE } = IM.BaseDefine.ClientFileState;

type PcClient = 'windows' | 'mac';

const nameOf = (path: string) => path.slice(path.lastIndexOf('/') + 1);

/** Connects to the first file_server address, ignoring the others. Windows sends seq_num 0 there. */
const open = (world: World, user: Peer, as: PcClient, { taskId, ipAddrList }: Offer) =>
  world.openFile(user, taskId, ipAddrList[0]!, { unnumbered: as === 'windows' });

/** Asks to send a file. Windows names it with its path, and the Mac without. */
const offer = (from: Peer, to: Peer, as: PcClient, content: Buffer, transMode: TransMode) => {
  const fileName = as === 'windows' ? 'C:/Users/a/报告.pdf' : '报告.pdf';
  return requestFile(from, to, { fileName, fileSize: content.length, transMode });
};

const firstPull = { windows: windowsPull, mac: block } as const;

/** Announces a finished upload: Windows after writing its last block, the Mac after the server's confirmation. */
async function upload(
  world: World,
  from: Peer,
  to: Peer,
  as: PcClient,
  sent: Offer,
  content: Buffer,
): Promise<void> {
  const side = await open(world, from, as, sent);
  await side.logIn(Role.upload);
  await side.giveBlocks(content);
  if (as === 'mac') await side.take(C.FileState, { state: CLIENT_FILE_DONE, taskId: sent.taskId }, 0);
  announceFile(from, to, sent);
  if (as === 'windows') await side.take(C.FileState, { state: CLIENT_FILE_DONE, taskId: sent.taskId }, 0);
}

/** Fetches an offline file and takes it off the list. */
async function download(
  side: FilePeer,
  from: Peer,
  to: Peer,
  as: PcClient,
  got: Offer,
  content: Buffer,
): Promise<void> {
  await side.pullAll(content, offline, firstPull[as]);
  if (as === 'windows') side.state(CLIENT_FILE_DONE);
  removeFile(from, to, got.taskId);
  await to.probe();
  check((await listedFile(to, got.taskId)) === undefined, 'still on the list');
}

function fileSessionsOf(as: PcClient): readonly Case[] {
  const given = { from: `a ${as}`, to: `b ${as}@1` } as const;
  const cases = [
    script({
      name: `session ${as}/sends a file to somebody who is there, in its order of PDUs`,
      commands: [
        C.FileRequest,
        C.FileNotify,
        C.FileLoginReq,
        C.FilePullDataReq,
        C.FilePullDataRsp,
        C.FileState,
      ],
      is: 'client habit',
      proves: as === 'windows' ? ['client-files', 'client-large-pull'] : ['client-files'],
      given,
      run: async ({ from, to }, world) => {
        const content = randomBytes(3 * block + 17);
        const sent = await offer(from, to, as, content, online);
        const sender = await open(world, from, as, sent);
        await sender.logIn(Role.sender);
        const got = await to.get(C.FileNotify, { taskId: sent.taskId, transMode: online, offlineReady: 0 });
        const receiver = await open(world, to, as, got);
        await receiver.logIn(Role.receiver);
        await receiver.take(C.FileState, { state: CLIENT_FILE_PEER_READY, taskId: sent.taskId }, 0);
        const give = () => sender.giveBlock(content, online, windowsPull);
        await receiver.pullAll(content, online, firstPull[as], { give });
        receiver.state(CLIENT_FILE_DONE);
        await sender.take(C.FileState, { state: CLIENT_FILE_DONE, userId: to.id }, 0);
      },
    }),
    script({
      name: `session ${as}/sends a file to somebody who is away, and finds it on the list after the login`,
      commands: [
        C.FileRequest,
        C.FileLoginReq,
        C.FileAddOfflineReq,
        C.FileHasOfflineReq,
        C.FileDelOfflineReq,
      ],
      is: 'client habit',
      proves: ['client-files'],
      given,
      run: async ({ from, to: before }, world) => {
        await before.leave();
        await untilOffline(from, world.ids.b, world);
        const content = randomBytes(2 * block + 17);
        const sent = await offer(from, before, as, content, offline);
        await upload(world, from, before, as, sent, content);
        await from.probe();
        const to = await world.connect(`b ${as}@1`);
        const { offlineFileList, ipAddrList } = await offlineFiles(to);
        const listed = offlineFileList.find(({ taskId }) => taskId === sent.taskId);
        check(listed !== undefined, 'not on the list');
        // With or without its path: the receiver only uses the last part.
        check(nameOf(listed.fileName) === nameOf(sent.fileName), `called ${listed.fileName}`);
        const got = { ...listed, ipAddrList };
        const receiver = await open(world, to, as, got);
        await receiver.logIn(Role.download);
        await download(receiver, from, to, as, got, content);
      },
    }),
  ];
  if (as === 'windows') {
    cases.push(
      script({
        name: 'session windows/is offered an offline file, comes for it at once and once only',
        onOriginal: 'untried',
        commands: [C.FileNotify, C.FileLoginReq, C.FileAddOfflineReq, C.FilePullDataReq],
        is: 'client habit',
        proves: ['client-files'],
        given,
        run: async ({ from, to }, world) => {
          const content = randomBytes(2 * block + 17);
          const sent = await offer(from, to, as, content, offline);
          const first = await to.get(C.FileNotify, {
            taskId: sent.taskId,
            transMode: offline,
            offlineReady: 0,
          });
          // Before any data is there: the client pulls as soon as its user accepts.
          const receiver = await open(world, to, as, first);
          await receiver.logIn(Role.download);
          const fetched = download(receiver, from, to, as, first, content);
          await Promise.all([upload(world, from, to, as, sent, content), fetched]);
          await to.get(C.FileNotify, { taskId: sent.taskId, offlineReady: 1 });
        },
      }),
    );
  }
  return cases;
}

/** File transfers of the two clients that send files, according to their sources (client-behaviour.md#files). */
export const fileSessionCases: readonly Case[] = (['windows', 'mac'] as const).flatMap(fileSessionsOf);
