import { randomBytes } from 'node:crypto';
import { waitUntil } from '@teamtalk/local-stack';
import { Commands, IM } from '@teamtalk/protocol';
import { expect, it } from 'vitest';
import { carry, OnlinePairs } from '../testing/online-pairs.js';
import { from, metricsOf, Role, to } from '../testing/test-installation.js';

const { CLIENT_FILE_PEER_READY, CLIENT_FILE_DONE } = IM.BaseDefine.ClientFileState;
const block = 32_768;

const pairs = OnlinePairs.forAll();

it('transfers a file in blocks, tells the sender when it is done, and ends the task', async () => {
  const content = randomBytes(2 * block + 1_000);
  const pair = await pairs.begin(content.length);
  const got: Buffer[] = [];
  for (let offset = 0; offset < content.length; offset += block) {
    got.push(await carry(pair, content, offset, Math.min(block, content.length - offset)));
  }
  expect(Buffer.concat(got).equals(content)).toBe(true);
  await pair.receiver.state(CLIENT_FILE_DONE);
  expect(await pair.sender.expect(Commands.FileState)).toMatchObject({
    state: CLIENT_FILE_DONE,
    userId: to,
    seqNum: 0,
  });
  await Promise.all([pair.sender.raw.closed, pair.receiver.raw.closed]);
  await waitUntil(
    () => !pairs.installation.db.tasks.has(pair.taskId) || pairs.installation.db.ended.has(pair.taskId),
    {
      what: 'the task is over',
    },
  );
  const again = await pairs.installation.side(pairs.service, to, pair.taskId);
  expect(await again.logIn(Role.receiver)).toBe(1);
});

it('the first side to connect waits for the other', async () => {
  const taskId = await pairs.installation.task(1, 'online');
  const receiver = await pairs.installation.enter(pairs.service, to, taskId, Role.receiver);
  await receiver.pull(0, 1);
  const sender = await pairs.installation.enter(pairs.service, from, taskId, Role.sender);
  expect(await sender.expect(Commands.FilePullDataReq)).toMatchObject({ offset: 0, dataSize: 1 });
  expect(await receiver.expect(Commands.FileState)).toMatchObject({ state: CLIENT_FILE_PEER_READY });
  receiver.raw.close();
  sender.raw.close();
});

it('an empty file has one empty pull', async () => {
  const pair = await pairs.begin(0);
  expect(await carry(pair, Buffer.alloc(0), 0, 0)).toHaveLength(0);
  pair.sender.raw.close();
  pair.receiver.raw.close();
});

it('the last block ends with the file', async () => {
  const content = Buffer.from('12345');
  const pair = await pairs.begin(5);
  expect((await carry(pair, content, 2, block)).toString()).toBe('345');
  pair.sender.raw.close();
  pair.receiver.raw.close();
});

it.each([0x7fff_fffe, 0x8000_0000, 0xffff_8000, 0xffff_fffe])(
  'the block at %d of the largest possible file is transferred',
  async (offset) => {
    const pair = await pairs.begin(0xffff_ffff);
    await pair.receiver.pull(offset, block, 33);
    const pull = await pair.sender.expect(Commands.FilePullDataReq);
    const size = Math.min(block, 0xffff_ffff - offset);
    expect(pull).toMatchObject({ offset, dataSize: size });
    const data = randomBytes(size);
    await pair.sender.data(offset, data);
    const reply = await pair.receiver.expect(Commands.FilePullDataRsp);
    expect(reply).toMatchObject({ resultCode: 0, offset, seqNum: 33 });
    expect(Buffer.from(reply.fileData).equals(data)).toBe(true);
    pair.sender.raw.close();
    pair.receiver.raw.close();
  },
);

it('concurrent pulls are answered in order, each with its seq_num', async () => {
  const content = randomBytes(4 * block);
  const { sender, receiver } = await pairs.begin(content.length);
  for (let i = 0; i < 4; i++) await receiver.pull(i * block, block, 100 + i);
  await sender.answerPulls(content, 4);
  for (let i = 0; i < 4; i++) {
    const reply = await receiver.expect(Commands.FilePullDataRsp);
    expect(reply).toMatchObject({ offset: i * block, seqNum: 100 + i });
  }
  for (let i = 0; i < 9; i++) await receiver.pull(i * 10, 10, 200 + i);
  await receiver.raw.closed;
  await expect
    .poll(() => metricsOf(pairs.service), { timeout: 15_000 })
    .toContain('connections_closed_total{reason="too_many_pulls"} 1\n');
  sender.raw.close();
});

it('forwarded PDUs have the logged-in user’s id', async () => {
  const { sender, receiver } = await pairs.begin(3);
  await receiver.pull(0, 3);
  await sender.expect(Commands.FilePullDataReq);
  await sender.data(0, Buffer.from('abc'), { userId: 99 });
  expect(await receiver.expect(Commands.FilePullDataRsp)).toMatchObject({ userId: from });
  sender.raw.close();
  receiver.raw.close();
});

it('the sender’s read failure is forwarded', async () => {
  const { sender, receiver } = await pairs.begin(3);
  await receiver.pull(0, 3);
  await sender.expect(Commands.FilePullDataReq);
  await sender.data(0, Buffer.alloc(0), { resultCode: 8 });
  expect(await receiver.expect(Commands.FilePullDataRsp)).toMatchObject({ resultCode: 8 });
  sender.raw.close();
  receiver.raw.close();
});

it.each([
  ['beyond the end', 11, 1, 0x0b],
  ['at the end', 10, 1, 0x0c],
  ['of nothing', 0, 0, 0x0b],
  ['of more than two blocks', 0, 2 * block + 1, 0x0b],
  ['at the largest offset', 0xffff_ffff, 0xffff_ffff, 0x0b],
])('a pull %s is refused with a result_code, and closes', async (_, offset, size, resultCode) => {
  const { sender, receiver } = await pairs.begin(10);
  await receiver.pull(offset, size, 44);
  const reply = await receiver.expect(Commands.FilePullDataRsp);
  expect(reply).toMatchObject({ resultCode, offset, seqNum: 44 });
  expect(reply.fileData).toHaveLength(0);
  await receiver.raw.closed;
  sender.raw.close();
});

it('a pull by the sender, and data by the receiver, close', async () => {
  const { sender, receiver } = await pairs.begin(10);
  await sender.pull(0, 10, 45);
  expect(await sender.expect(Commands.FilePullDataRsp)).toMatchObject({ resultCode: 6, seqNum: 45 });
  await sender.raw.closed;
  await receiver.data(0, Buffer.from('x'));
  await receiver.raw.closed;
});

it.each([
  ['another offset', 1, 'abcd'],
  ['too little', 0, 'abc'],
  ['too much', 0, 'abcde'],
  ['nothing', 0, ''],
])('data that was not requested closes the sender: %s', async (_, offset, data) => {
  const { sender, receiver } = await pairs.begin(10);
  await receiver.pull(0, 4);
  await sender.expect(Commands.FilePullDataReq);
  await sender.data(offset, Buffer.from(data));
  await sender.raw.closed;
  expect(receiver.raw.received).toEqual([]);
  receiver.raw.close();
});

it('data before any pull closes the sender', async () => {
  const { sender, receiver } = await pairs.begin(10);
  await sender.data(0, Buffer.from('0123456789'));
  await sender.raw.closed;
  receiver.raw.close();
});

it.each(['FilePullDataReq', 'FilePullDataRsp', 'FileState'] as const)(
  'a %s of another task closes',
  async (name) => {
    const { sender, receiver } = await pairs.begin(10);
    const side = name === 'FilePullDataRsp' ? sender : receiver;
    const taskId = await pairs.installation.task(10, 'online');
    const fields = { taskId, userId: side.userId, resultCode: 0, offset: 0, fileData: Buffer.from('x') };
    await side.send(Commands[name] as never, { ...fields, dataSize: 1, transMode: 1, state: 1 } as never);
    await side.raw.closed;
    expect(pairs.installation.db.ended.has(taskId)).toBe(false);
    sender.raw.close();
    receiver.raw.close();
  },
);
