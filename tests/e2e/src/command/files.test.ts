import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { openFile, sendFile, TeamTalkClient } from '@teamtalk/client';
import { TestCluster } from '@teamtalk/cluster';
import { RawConnection, waitUntil } from '@teamtalk/local-stack';
import { Commands, decodeBody, encodePdu, IM } from '@teamtalk/protocol';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { start, teamtalk } from './run.js';

const { FILE_TYPE_ONLINE, FILE_TYPE_OFFLINE } = IM.BaseDefine.TransferFileType;
const { CLIENT_REALTIME_SENDER, CLIENT_OFFLINE_UPLOAD } = IM.BaseDefine.ClientFileRole;

let cluster: TestCluster;
let env: NodeJS.ProcessEnv;
let folder: string;
const content = randomBytes(300_000);

beforeAll(async () => {
  cluster = await TestCluster.start({ login_server: 1, file_server: 1 });
  env = {
    DATABASE_URL: cluster.database.url,
    TEAMTALK_LOGIN_SERVER: cluster.url('login_server'),
    TEAMTALK_PASSWORD: 'pw',
  };
  for (const name of ['alice', 'bob']) await teamtalk(['user', 'add', name, '--password', 'pw'], env);
});
afterAll(() => cluster.stop());
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'teamtalk-cli-'));
  await writeFile(path.join(folder, '报告.bin'), content);
  return () => rm(folder, { recursive: true });
});

const send = (...words: string[]) => ['send-file', '--as', 'alice', '--to', 'bob', ...words];
const receive = (...words: string[]) => ['receive-files', '--as', 'bob', '--folder', folder, ...words];

it('a file waits for a user who is not there, and is fetched once', async () => {
  const sent = await teamtalk(send(path.join(folder, '报告.bin')), env);
  expect(sent.stdout).toMatch(/^kept for bob \(id \d+\): 300\.0 kB in \d+\.\d s, \d.*\/s\n$/);
  expect(sent.stderr).toMatch(/^if interrupted, continue with --resume [0-9a-f-]{36}\n$/);
  const received = await teamtalk(receive('--once'), env);
  expect(received.status).toBe(0);
  // The name is taken here: nothing is replaced.
  const file = path.join(folder, '报告 (2).bin');
  expect(received.stdout).toMatch(/^received .* from user \d+: 300\.0 kB in /);
  expect(received.stdout).toContain(file);
  expect((await readFile(file)).equals(content)).toBe(true);
  expect((await readdir(folder)).filter((name) => name.endsWith('.part'))).toEqual([]);
  expect((await teamtalk(receive('--once'), env)).stdout).toBe('');
});

/** Begins a transfer that stops after three blocks, as if the process were killed. @returns its task, and those blocks */
async function breakOff(alice: TeamTalkClient, mode: 'online' | 'offline') {
  const { userId } = alice;
  const bob = (await alice.users()).users.find(({ userDomain }) => userDomain === 'bob')!;
  const { taskId, ipAddrList } = await alice.request(Commands.FileRequest, Commands.FileResponse, {
    ...{ fromUserId: userId, toUserId: bob.userId, fileName: 'broken.bin', fileSize: content.length },
    transMode: mode === 'online' ? FILE_TYPE_ONLINE : FILE_TYPE_OFFLINE,
  });
  // Differs from the file's content, so that the bytes show which transfer sent them.
  const first = Buffer.alloc(3 * 32_768, 'first');
  const connection = await RawConnection.open(ipAddrList[0]!.port);
  const fileRole = mode === 'online' ? CLIENT_REALTIME_SENDER : CLIENT_OFFLINE_UPLOAD;
  await connection.send(encodePdu(Commands.FileLoginReq, { userId, taskId, fileRole }, 1));
  await connection.next();
  for (let sent = 0; sent < first.length; sent += 32_768) {
    const { offset, dataSize } = decodeBody(Commands.FilePullDataReq, (await connection.next()).body);
    const fileData = first.subarray(offset, offset + dataSize);
    const reply = { resultCode: 0, taskId, userId, offset, fileData };
    await connection.send(encodePdu(Commands.FilePullDataRsp, reply, 2));
  }
  await connection.next();
  connection.close();
  return { taskId, toUserId: bob.userId, whole: Buffer.concat([first, content.subarray(first.length)]) };
}

async function logInAlice(): Promise<TeamTalkClient> {
  const alice = new TeamTalkClient({ loginServer: cluster.url('login_server') });
  await alice.login({ name: 'alice', password: 'pw' });
  return alice;
}

it('an upload that was broken off goes on where it was', async () => {
  const alice = await logInAlice();
  const { taskId, whole } = await breakOff(alice, 'offline');
  await alice.close();
  const sent = await teamtalk(send('--resume', taskId, path.join(folder, '报告.bin')), env);
  expect(sent).toMatchObject({ status: 0, stdout: expect.stringMatching(/^kept for bob /) });
  expect((await teamtalk(receive('--once'), env)).status).toBe(0);
  expect((await readFile(path.join(folder, 'broken.bin'))).equals(whole)).toBe(true);
});

it('so does an online transfer, while its receiver waits', async () => {
  const receiving = start(receive(), env);
  await waitUntil(() => receiving.stderr().includes('waiting for files for bob'), { what: 'waiting' });
  const alice = await logInAlice();
  const { taskId, toUserId, whole } = await breakOff(alice, 'online');
  const file = await openFile(path.join(folder, '报告.bin'));
  expect(await sendFile(alice, toUserId, file, { resume: taskId })).toEqual({ taskId, online: true });
  await waitUntil(() => receiving.stdout().includes('broken.bin'), { what: 'the file' });
  expect((await readFile(path.join(folder, 'broken.bin'))).equals(whole)).toBe(true);
  await Promise.all([file.close(), alice.close()]);
  process.emit('SIGINT');
  expect(await receiving.status).toBe(0);
});

it('of what nobody offers again nothing stays', async () => {
  const receiving = start(receive(), env);
  await waitUntil(() => receiving.stderr().includes('waiting for files for bob'), { what: 'waiting' });
  const alice = await logInAlice();
  const { taskId, toUserId } = await breakOff(alice, 'online');
  const giveUp = new AbortController();
  const file = await openFile(path.join(folder, '报告.bin'));
  const onProgress = () => giveUp.abort();
  const sending = sendFile(alice, toUserId, file, { resume: taskId, onProgress, signal: giveUp.signal });
  await expect(sending).rejects.toMatchObject({ code: 'file-cancelled' });
  await waitUntil(() => receiving.stderr().includes('broken.bin from user'), { what: 'the end' });
  await waitUntil(async () => (await readdir(folder)).length === 1, { what: 'an empty inbox' });
  await Promise.all([file.close(), alice.close()]);
  process.emit('SIGINT');
  expect(await receiving.status).toBe(0);
});

it('a download that was broken off goes on behind what is there', async () => {
  const sent = await teamtalk(send(path.join(folder, '报告.bin')), env);
  const [, taskId] = /--resume (\S+)/.exec(sent.stderr)!;
  const first = Buffer.alloc(100_001, 'first');
  await writeFile(path.join(folder, `.${taskId}.part`), first);
  expect((await teamtalk(receive('--once'), env)).status).toBe(0);
  const whole = Buffer.concat([first, content.subarray(first.length)]);
  expect((await readFile(path.join(folder, '报告 (2).bin'))).equals(whole)).toBe(true);
});

it('a user who is there gets it at once', async () => {
  const receiving = start(receive(), env);
  await waitUntil(() => receiving.stderr().includes('waiting for files for bob'), { what: 'waiting' });
  const alice = await logInAlice();
  const bob = (await alice.users()).users.find(({ userDomain }) => userDomain === 'bob')!;
  const read = async (offset: number, length: number) => content.subarray(offset, offset + length);
  const name = '../\u001b[31m/online.bin';
  const sent = await sendFile(alice, bob.userId, { name, size: content.length, read });
  expect(sent.online).toBe(true);
  await waitUntil(() => receiving.stdout().includes('online.bin'), { what: 'the file' });
  expect((await readFile(path.join(folder, 'online.bin'))).equals(content)).toBe(true);
  await alice.close();
  process.emit('SIGINT');
  expect(await receiving.status).toBe(0);
});

it.each([
  ['a file that is not there', send('/nothing/here'), /ENOENT/],
  ['a folder', send('/'), /is not a file/],
  [
    'an unknown receiver',
    ['send-file', '--as', 'alice', '--to', 'nobody', import.meta.filename],
    /no user nobody/,
  ],
  [
    'an upload nobody knows',
    send('--resume', '3f0c1a52-6f0e-4a44-9a55-d6ef39a4ad3b', import.meta.filename),
    /refused the login for this transfer/,
  ],
])('says why it does not send: %s', async (_, words, text) => {
  const { status, stdout, stderr } = await teamtalk(words, env);
  expect(status).toBe(1);
  expect(stdout).toBe('');
  expect(stderr.trim().split('\n').at(-1)).toMatch(text);
});
