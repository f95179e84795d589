import { readFile } from 'node:fs/promises';
import {
  type FileOffer,
  offlineFiles,
  receiveFile,
  refuseFile,
  sendFile,
  type TeamTalkClient,
} from '@teamtalk/client';
import { TestCluster } from '@teamtalk/cluster';
import { RawConnection, waitUntil } from '@teamtalk/local-stack';
import { Commands, encodePdu, IM } from '@teamtalk/protocol';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { GeneratedFile, HashingSink } from './generated-file.js';

const { FILE_TYPE_OFFLINE } = IM.BaseDefine.TransferFileType;
const { CLIENT_OFFLINE_DOWNLOAD } = IM.BaseDefine.ClientFileRole;
const block = 32_768;
/** Larger for measurements: FILE_TEST_MIB=1024; 4096 is the largest file there can be. */
const mib = Number(process.env.FILE_TEST_MIB || 16);
const size = mib < 4096 ? mib * 1_048_576 - 5 : 0xffff_ffff;
/** Upper bound of a file_server's peak memory, whatever the size of the files. */
const maxMegabytes = 300;
const transferMs = 60_000 + mib * 1_000;

let cluster: TestCluster;
let ids: Record<'sender' | 'receiver', number>;
let sender: TeamTalkClient;
let receiver: TeamTalkClient;
const offers: FileOffer[] = [];

beforeAll(async () => {
  cluster = await TestCluster.start({
    mode: 'processes',
    msg_server: 2,
    file_server: 2,
    envOf: { file_server: { PART_BYTES: '1048576', SWEEP_MS: '200' } },
  });
  ids = await cluster.addUsers(['sender', 'receiver']);
  sender = await cluster.connect('sender', { server: 0 });
  receiver = await cluster.connect('receiver', { server: 1 });
  receiver.on('file', (offer) => offers.push(offer));
});
afterAll(() => cluster?.stop());

const nextOffer = () => waitUntil(() => offers.shift(), { what: 'an offer' });
/** Waits for the offer of a file that is being sent; rejects when sending fails first. */
const offerOf = async (sending: Promise<unknown>): Promise<FileOffer> => {
  const over = sending.then(() => {
    throw new Error('the transfer was over before it was offered');
  });
  return Promise.race([nextOffer(), over]);
};
const say = (what: string, begin: number) => {
  const seconds = (performance.now() - begin) / 1000;
  return `${what}: ${mib} MiB in ${seconds.toFixed(1)} s, ${(mib / seconds).toFixed(0)} MiB/s`;
};

/** Index of the file_server that has the first address of an offer. */
const serverOf = ({ servers }: FileOffer) =>
  [0, 1].findIndex((k) => cluster.port('file_server', k, 'client') === servers[0]!.port);

/** Index of the file_server somebody is connected to. */
const busyServer = () =>
  waitUntil(
    async () => {
      const counts = await Promise.all([0, 1].map((k) => cluster.metric('file_server', k, 'connections')));
      return `${counts.findIndex((count) => count > 0)}`.replace('-1', '');
    },
    { what: 'a file_server with a connection' },
  ).then(Number);

/** Lets a file stop in its middle. @returns how to wait for that, and to let it go on */
function stopInTheMiddle(file: GeneratedFile): { reached: Promise<void>; goOn: () => void } {
  let reached = () => {};
  let goOn = () => {};
  const whenReached = new Promise<void>((resolve) => {
    reached = resolve;
  });
  const open = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  file.gate = { from: Math.floor(file.size / 2), reached, open };
  return { reached: whenReached, goOn };
}

async function fetchWaiting(): Promise<HashingSink> {
  const [offer] = await offlineFiles(receiver);
  const sink = new HashingSink();
  await receiveFile(receiver, offer!, sink);
  expect(await offlineFiles(receiver)).toEqual([]);
  return sink;
}

it('online, between users of two msg_servers', { timeout: transferMs }, async ({ annotate }) => {
  const file = new GeneratedFile('online.bin', size);
  const begin = performance.now();
  const progress: number[] = [];
  const sending = sendFile(sender, ids.receiver, file, { onProgress: (bytes) => progress.push(bytes) });
  const offer = await offerOf(sending);
  expect(offer).toMatchObject({ fromUserId: ids.sender, name: 'online.bin', size, online: true });
  const sink = new HashingSink();
  await receiveFile(receiver, offer, sink);
  expect(await sending).toEqual({ taskId: offer.taskId, online: true });
  await annotate(say('online', begin));
  expect(sink.sha256).toBe(file.sha256());
  expect(progress.at(-1)).toBe(size);
  expect(progress).toEqual([...progress].sort((a, b) => a - b));
});

it('offline, kept by one file_server and fetched where the other one is', {
  timeout: 2 * transferMs,
}, async ({ annotate }) => {
  const file = new GeneratedFile('offline.bin', size);
  let begin = performance.now();
  const { taskId, online } = await sendFile(sender, ids.receiver, file, { offline: true });
  expect(online).toBe(false);
  await annotate(say('upload', begin));
  const offer = await nextOffer();
  expect(offer).toMatchObject({ taskId, name: 'offline.bin', size, online: false });
  const [row] = await cluster.sql<{ sha256: string }>(
    `SELECT encode(sha256, 'hex') AS sha256 FROM file_task WHERE id = $1`,
    [taskId],
  );
  expect(row!.sha256).toBe(file.sha256());
  const uploaded = await cluster.metric('file_server', 0, 'transferred_bytes_total', { way: 'upload' });
  const other = uploaded > 0 ? 1 : 0;
  const servers = [{ host: '127.0.0.1', port: cluster.port('file_server', other, 'client') }];
  const sink = new HashingSink();
  begin = performance.now();
  await receiveFile(receiver, { ...offer, servers }, sink);
  await annotate(say('download', begin));
  expect(sink.sha256).toBe(row!.sha256);
  expect(await offlineFiles(receiver)).toEqual([]);
});

it('online, with kill -9 of the file_server in the middle', { timeout: transferMs }, async ({ annotate }) => {
  const file = new GeneratedFile('killed-online.bin', size);
  const middle = stopInTheMiddle(file);
  const begin = performance.now();
  const sending = sendFile(sender, ids.receiver, file);
  const offer = await offerOf(sending);
  const sink = new HashingSink();
  const receiving = receiveFile(receiver, offer, sink);
  await middle.reached;
  const k = serverOf(offer);
  await cluster.kill('file_server', k);
  middle.goOn();
  await Promise.all([sending, receiving]);
  await annotate(say('online with a kill', begin));
  expect(sink.sha256).toBe(file.sha256());
  expect(sink.bytes).toBe(size);
  await cluster.restart('file_server', k);
});

it('offline, with kill -9 of the file_server in the middle: goes on at the other one', {
  timeout: 2 * transferMs,
}, async ({ annotate }) => {
  const file = new GeneratedFile('killed-offline.bin', size);
  const middle = stopInTheMiddle(file);
  const reads: number[] = [];
  const begin = performance.now();
  const sending = sendFile(
    sender,
    ids.receiver,
    {
      name: file.name,
      size,
      read: (offset, length) => {
        reads.push(offset);
        return file.read(offset, length);
      },
    },
    { offline: true },
  );
  await middle.reached;
  const k = await busyServer();
  await cluster.kill('file_server', k);
  middle.goOn();
  await sending;
  await annotate(say('upload with a kill', begin));
  // At most the part that was in flight, and the one that was being stored, are sent again.
  const twice = reads.length - Math.ceil(size / 32_768);
  expect(twice).toBeLessThanOrEqual(2 * (1_048_576 / 32_768) + 1);
  expect((await nextOffer()).name).toBe('killed-offline.bin');
  expect((await fetchWaiting()).sha256).toBe(file.sha256());
  await cluster.restart('file_server', k);
});

it('offline, with kill -9 of the only file_server: goes on when it is back, in both directions', {
  timeout: 2 * transferMs,
}, async () => {
  await cluster.stopNode('file_server', 1);
  const file = new GeneratedFile('alone.bin', size);
  const middle = stopInTheMiddle(file);
  const sending = sendFile(sender, ids.receiver, file, { offline: true });
  await middle.reached;
  await cluster.kill('file_server', 0);
  middle.goOn();
  await cluster.restart('file_server', 0);
  await sending;
  const offer = await nextOffer();
  const sink = new HashingSink();
  let killed: Promise<void> | undefined;
  const restart = async () => {
    await cluster.kill('file_server', 0);
    await cluster.restart('file_server', 0);
  };
  const onProgress = (bytes: number) => {
    if (bytes > size / 3) killed ??= restart();
  };
  await receiveFile(receiver, offer, sink, { onProgress });
  await killed;
  expect(sink.sha256).toBe(file.sha256());
  expect(sink.bytes).toBe(size);
  await cluster.restart('file_server', 1);
});

it('receivers who do not read keep nobody waiting', { timeout: transferMs }, async () => {
  const file = new GeneratedFile('slow.bin', 16 * block);
  await sendFile(sender, ids.receiver, file, { offline: true });
  const { taskId } = await nextOffer();
  const port = cluster.port('file_server', 0, 'client');
  const login = { userId: ids.receiver, taskId, fileRole: CLIENT_OFFLINE_DOWNLOAD };
  const slow = await Promise.all(
    Array.from({ length: 200 }, async () => {
      const connection = await RawConnection.open(port);
      await connection.send(encodePdu(Commands.FileLoginReq, login, 1));
      await connection.next();
      connection.socket.pause();
      return connection;
    }),
  );
  // Pulls as many blocks as may be in flight, several times, each time until nothing more is written.
  const common = { taskId, userId: ids.receiver, transMode: FILE_TYPE_OFFLINE, dataSize: block };
  const pulls = Array.from({ length: 8 }, (_, i) =>
    encodePdu(Commands.FilePullDataReq, { ...common, offset: i * block }, i),
  );
  let given = -1;
  const untilStill = () =>
    waitUntil(
      async () => {
        const before = given;
        given = await cluster.metric('file_server', 0, 'transferred_bytes_total', { way: 'download' });
        return given === before;
      },
      { what: 'nothing more going out', everyMs: 50 },
    );
  for (let round = 0; round < 4; round++) {
    for (const { socket } of slow) socket.write(Buffer.concat(pulls));
    await untilStill();
  }
  const servers = [{ host: '127.0.0.1', port }];
  const [offer] = await offlineFiles(receiver);
  const sink = new HashingSink();
  await receiveFile(receiver, { ...offer!, servers }, sink);
  expect(sink.sha256).toBe(file.sha256());
  for (const connection of slow) connection.close();
});

it.runIf(process.platform === 'linux')(
  'memory does not depend on the size of the files',
  async ({ annotate }) => {
    for (const k of [0, 1]) {
      const status = await readFile(`/proc/${cluster.node('file_server', k).pid}/status`, 'utf8');
      const megabytes = Number(/VmHWM:\s*(\d+) kB/.exec(status)![1]) / 1024;
      await annotate(`file_server ${k} has taken ${megabytes.toFixed(0)} MiB at most since its start`);
      expect(megabytes).toBeLessThan(maxMegabytes);
    }
  },
);

it('what was fetched or given up leaves nothing behind', { timeout: 60_000 }, async () => {
  const giveUp = new AbortController();
  const file = new GeneratedFile('given-up.bin', 4_000_000);
  const middle = stopInTheMiddle(file);
  const sending = sendFile(sender, ids.receiver, file, { offline: true, signal: giveUp.signal });
  await middle.reached;
  giveUp.abort();
  middle.goOn();
  await expect(sending).rejects.toMatchObject({ code: 'file-cancelled' });
  await waitUntil(
    async () => {
      const [row] = await cluster.sql<{ n: number }>('SELECT count(*)::int AS n FROM file_task');
      return row!.n === 0;
    },
    { what: 'no task left', timeoutMs: 20_000 },
  );
  expect(await cluster.sql('SELECT * FROM file_part')).toEqual([]);
});

it('a receiver who does not want the file says so', async () => {
  const sending = sendFile(sender, ids.receiver, new GeneratedFile('no.bin', 10_000));
  const offer = await offerOf(sending);
  const refused = expect(sending).rejects.toMatchObject({ code: 'file-rejected' });
  await refuseFile(receiver, offer);
  await refused;
});

it('a transfer that one side ends fails at the other', async () => {
  const giveUp = new AbortController();
  const file = new GeneratedFile('ended.bin', 1_000_000);
  const middle = stopInTheMiddle(file);
  const sending = sendFile(sender, ids.receiver, file, { signal: giveUp.signal });
  const offer = await offerOf(sending);
  const senderFails = expect(sending).rejects.toMatchObject({ code: 'file-cancelled' });
  const receiving = receiveFile(receiver, offer, new HashingSink());
  const receiverFails = expect(receiving).rejects.toMatchObject({ code: 'file-cancelled' });
  // An early failure of either side is reported by its own error.
  await Promise.race([middle.reached, sending, receiving]);
  giveUp.abort();
  middle.goOn();
  await senderFails;
  await receiverFails;
});
