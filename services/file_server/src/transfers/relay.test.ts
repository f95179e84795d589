import { randomBytes } from 'node:crypto';
import { Commands, IM } from '@teamtalk/protocol';
import type { Service } from '@teamtalk/service-kit';
import { waitUntil } from '@teamtalk/testkit/infrastructure';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { from, Installation, metricsOf, Role, type Side, to } from '../testing/installation.js';

const { CLIENT_FILE_PEER_READY, CLIENT_FILE_CANCEL, CLIENT_FILE_REFUSE, CLIENT_FILE_DONE } =
  IM.BaseDefine.ClientFileState;
const block = 32_768;

let installation: Installation;
let service: Service;
beforeAll(async () => {
  installation = await Installation.start();
  service = await installation.fileServer();
});
afterAll(() => installation.stop());

interface Pair {
  taskId: string;
  sender: Side;
  receiver: Side;
}

/** Both are logged in, and the receiver knows that he may pull. */
async function begin(size: number, at = service): Promise<Pair> {
  const taskId = await installation.task(size, 'online');
  const sender = await installation.enter(at, from, taskId, Role.sender);
  const receiver = await installation.enter(at, to, taskId, Role.receiver);
  expect(await receiver.expect(Commands.FileState)).toMatchObject({
    state: CLIENT_FILE_PEER_READY,
    taskId,
    userId: from,
    seqNum: 0,
  });
  return { taskId, sender, receiver };
}

/** One pull and its data. @returns what the receiver got */
async function carry({ sender, receiver }: Pair, content: Buffer, offset: number, size: number) {
  await receiver.pull(offset, size, 33);
  const pull = await sender.expect(Commands.FilePullDataReq);
  expect(pull).toMatchObject({ userId: to, taskId: sender.taskId, transMode: 1, offset, seqNum: 0 });
  await sender.data(pull.offset, content.subarray(pull.offset, pull.offset + pull.dataSize));
  const reply = await receiver.expect(Commands.FilePullDataRsp);
  expect(reply).toMatchObject({ resultCode: 0, userId: from, taskId: sender.taskId, offset, seqNum: 33 });
  return Buffer.from(reply.fileData);
}

it('carries a file in blocks, tells the sender when it is done, and ends the task', async () => {
  const content = randomBytes(2 * block + 1_000);
  const pair = await begin(content.length);
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
  await waitUntil(() => !installation.db.tasks.has(pair.taskId) || installation.db.ended.has(pair.taskId), {
    what: 'the task is over',
  });
  const again = await installation.side(service, to, pair.taskId);
  expect(await again.logIn(Role.receiver)).toBe(1);
});

it('whoever comes first waits for the other', async () => {
  const taskId = await installation.task(1, 'online');
  const receiver = await installation.enter(service, to, taskId, Role.receiver);
  await receiver.pull(0, 1);
  const sender = await installation.enter(service, from, taskId, Role.sender);
  expect(await sender.expect(Commands.FilePullDataReq)).toMatchObject({ offset: 0, dataSize: 1 });
  expect(await receiver.expect(Commands.FileState)).toMatchObject({ state: CLIENT_FILE_PEER_READY });
  receiver.raw.close();
  sender.raw.close();
});

it('an empty file has one pull of nothing', async () => {
  const pair = await begin(0);
  expect(await carry(pair, Buffer.alloc(0), 0, 0)).toHaveLength(0);
  pair.sender.raw.close();
  pair.receiver.raw.close();
});

it('the last block is cut to the end of the file', async () => {
  const content = Buffer.from('12345');
  const pair = await begin(5);
  expect((await carry(pair, content, 2, block)).toString()).toBe('345');
  pair.sender.raw.close();
  pair.receiver.raw.close();
});

it.each([0x7fff_fffe, 0x8000_0000, 0xffff_8000, 0xffff_fffe])(
  'of the largest file there can be, the block at %d is carried',
  async (offset) => {
    const pair = await begin(0xffff_ffff);
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

it('several pulls at once are answered in their order, each under its seq_num', async () => {
  const content = randomBytes(4 * block);
  const { sender, receiver } = await begin(content.length);
  for (let i = 0; i < 4; i++) await receiver.pull(i * block, block, 100 + i);
  await sender.answerPulls(content, 4);
  for (let i = 0; i < 4; i++) {
    const reply = await receiver.expect(Commands.FilePullDataRsp);
    expect(reply).toMatchObject({ offset: i * block, seqNum: 100 + i });
  }
  for (let i = 0; i < 9; i++) await receiver.pull(i * 10, 10, 200 + i);
  await receiver.raw.closed;
  await expect
    .poll(() => metricsOf(service), { timeout: 15_000 })
    .toContain('connections_closed_total{reason="too_many_pulls"} 1\n');
  sender.raw.close();
});

it('the user in what is passed on is the one who is logged in', async () => {
  const { sender, receiver } = await begin(3);
  await receiver.pull(0, 3);
  await sender.expect(Commands.FilePullDataReq);
  await sender.data(0, Buffer.from('abc'), { userId: 99 });
  expect(await receiver.expect(Commands.FilePullDataRsp)).toMatchObject({ userId: from });
  sender.raw.close();
  receiver.raw.close();
});

it('the sender’s own failure to read is passed on', async () => {
  const { sender, receiver } = await begin(3);
  await receiver.pull(0, 3);
  await sender.expect(Commands.FilePullDataReq);
  await sender.data(0, Buffer.alloc(0), { resultCode: 8 });
  expect(await receiver.expect(Commands.FilePullDataRsp)).toMatchObject({ resultCode: 8 });
  sender.raw.close();
  receiver.raw.close();
});

it.each([
  ['the sender cancels', 'sender', CLIENT_FILE_CANCEL],
  ['the receiver cancels', 'receiver', CLIENT_FILE_CANCEL],
  ['the receiver refuses', 'receiver', CLIENT_FILE_REFUSE],
] as const)('%s: the other one is told, and it is over', async (_, who, state) => {
  const pair = await begin(3);
  const other = who === 'sender' ? pair.receiver : pair.sender;
  await pair[who].state(state);
  expect(await other.expect(Commands.FileState)).toMatchObject({
    state,
    userId: pair[who].userId,
    seqNum: 0,
  });
  await Promise.all([pair.sender.raw.closed, pair.receiver.raw.closed]);
  await waitUntil(() => installation.db.ended.has(pair.taskId), { what: 'the task is over' });
});

it('a transfer that was ended is over at once, however long the store takes to note it', async () => {
  const { taskId, sender, receiver } = await begin(3);
  let note = () => {};
  installation.db.held = new Promise((resolve) => {
    note = resolve;
  });
  await receiver.state(CLIENT_FILE_CANCEL);
  await sender.expect(Commands.FileState);
  const again = await installation.side(service, from, taskId);
  expect(await again.logIn(Role.sender)).toBe(1);
  installation.db.held = undefined;
  note();
  await waitUntil(() => installation.db.ended.has(taskId), { what: 'the task is over' });
});

it.each([
  ['a receiver who refuses', to, Role.receiver, CLIENT_FILE_REFUSE, from, Role.sender],
  ['a sender who cancels', from, Role.sender, CLIENT_FILE_CANCEL, to, Role.receiver],
] as const)(
  '%s before the other one has come: he is told when he comes, once',
  async (_, who, role, state, other, otherRole) => {
    const taskId = await installation.task(3, 'online');
    const hasty = await installation.enter(service, who, taskId, role);
    await hasty.state(state);
    await hasty.raw.closed;
    const late = await installation.enter(service, other, taskId, otherRole);
    expect(await late.expect(Commands.FileState)).toMatchObject({ state, userId: who, taskId, seqNum: 0 });
    await late.raw.closed;
    for (const [user, its] of [
      [other, otherRole],
      [who, role],
    ] as const) {
      const again = await installation.side(service, user, taskId);
      expect(await again.logIn(its)).toBe(1);
    }
    const stranger = await installation.side(service, 77, taskId);
    expect(await stranger.logIn(otherRole)).toBe(1);
  },
);

it('who is just being let in when the transfer ends is told, and does not wait for ever', async () => {
  const taskId = await installation.task(3, 'online');
  const receiver = await installation.enter(service, to, taskId, Role.receiver);
  let goOn = () => {};
  installation.held = new Promise((resolve) => {
    goOn = resolve;
  });
  const sender = await installation.side(service, from, taskId);
  const login = sender.logIn(Role.sender);
  await receiver.state(CLIENT_FILE_REFUSE);
  await receiver.raw.closed;
  await waitUntil(() => installation.db.ended.has(taskId), { what: 'the task is over' });
  installation.held = undefined;
  goOn();
  expect(await login).toBe(0);
  expect(await sender.expect(Commands.FileState)).toMatchObject({ state: CLIENT_FILE_REFUSE, userId: to });
  await sender.raw.closed;
});

it('a sender who missed the end because his connection broke is told that it is done', async () => {
  const { taskId, sender, receiver } = await begin(3);
  await carry({ taskId, sender, receiver }, Buffer.from('abc'), 0, 3);
  sender.raw.close();
  await sender.raw.closed;
  await receiver.state(CLIENT_FILE_DONE);
  await receiver.raw.closed;
  const back = await installation.enter(service, from, taskId, Role.sender);
  expect(await back.expect(Commands.FileState)).toMatchObject({ state: CLIENT_FILE_DONE, userId: to });
  await back.raw.closed;
});

it.each([
  ['beyond the end', 11, 1, 0x0b],
  ['at the end', 10, 1, 0x0c],
  ['of nothing', 0, 0, 0x0b],
  ['of more than a block', 0, block + 1, 0x0b],
  ['at the largest offset', 0xffff_ffff, 0xffff_ffff, 0x0b],
])('a pull %s is refused with a result_code, and closes', async (_, offset, size, resultCode) => {
  const { sender, receiver } = await begin(10);
  await receiver.pull(offset, size, 44);
  const reply = await receiver.expect(Commands.FilePullDataRsp);
  expect(reply).toMatchObject({ resultCode, offset, seqNum: 44 });
  expect(reply.fileData).toHaveLength(0);
  await receiver.raw.closed;
  sender.raw.close();
});

it('a pull by the sender, and data by the receiver, close', async () => {
  const { sender, receiver } = await begin(10);
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
])('data that was not asked for closes the sender: %s', async (_, offset, data) => {
  const { sender, receiver } = await begin(10);
  await receiver.pull(0, 4);
  await sender.expect(Commands.FilePullDataReq);
  await sender.data(offset, Buffer.from(data));
  await sender.raw.closed;
  expect(receiver.raw.received).toEqual([]);
  receiver.raw.close();
});

it('data before any pull closes the sender', async () => {
  const { sender, receiver } = await begin(10);
  await sender.data(0, Buffer.from('0123456789'));
  await sender.raw.closed;
  receiver.raw.close();
});

it.each(['FilePullDataReq', 'FilePullDataRsp', 'FileState'] as const)(
  'a %s of another task closes',
  async (name) => {
    const { sender, receiver } = await begin(10);
    const side = name === 'FilePullDataRsp' ? sender : receiver;
    const taskId = await installation.task(10, 'online');
    const fields = { taskId, userId: side.userId, resultCode: 0, offset: 0, fileData: Buffer.from('x') };
    await side.send(Commands[name] as never, { ...fields, dataSize: 1, transMode: 1, state: 1 } as never);
    await side.raw.closed;
    expect(installation.db.ended.has(taskId)).toBe(false);
    sender.raw.close();
    receiver.raw.close();
  },
);

it('a sender who comes back is asked again for what he has not answered', async () => {
  const { taskId, sender, receiver } = await begin(6);
  await receiver.pull(0, 3);
  await sender.expect(Commands.FilePullDataReq);
  sender.raw.close();
  const back = await installation.enter(service, from, taskId, Role.sender);
  await back.answerPulls(Buffer.from('abcdef'), 1);
  expect(Buffer.from((await receiver.expect(Commands.FilePullDataRsp)).fileData).toString()).toBe('abc');
  await receiver.pull(3, 3);
  await back.answerPulls(Buffer.from('abcdef'), 1);
  expect(Buffer.from((await receiver.expect(Commands.FilePullDataRsp)).fileData).toString()).toBe('def');
  back.raw.close();
  receiver.raw.close();
});

it('a receiver who comes back goes on where he was; what he had asked before does not come', async () => {
  const { taskId, sender, receiver } = await begin(6);
  await receiver.pull(0, 2);
  await sender.expect(Commands.FilePullDataReq);
  const back = await installation.enter(service, to, taskId, Role.receiver);
  await receiver.raw.closed;
  expect(await back.expect(Commands.FileState)).toMatchObject({ state: CLIENT_FILE_PEER_READY });
  await back.pull(3, 3);
  await sender.data(0, Buffer.from('ab'));
  expect(await sender.expect(Commands.FilePullDataReq)).toMatchObject({ offset: 3, dataSize: 3 });
  await sender.data(3, Buffer.from('def'));
  expect(Buffer.from((await back.expect(Commands.FilePullDataRsp)).fileData).toString()).toBe('def');
  back.raw.close();
  sender.raw.close();
});

it('a peer who does not come back is told of as cancelled; the transfer can be begun again', async () => {
  const hasty = await installation.fileServer({ PEER_GRACE_MS: '100' });
  const { taskId, sender, receiver } = await begin(6, hasty);
  sender.raw.close();
  expect(await receiver.expect(Commands.FileState)).toMatchObject({
    state: CLIENT_FILE_CANCEL,
    userId: from,
  });
  await receiver.raw.closed;
  const back = await installation.enter(hasty, to, taskId, Role.receiver);
  const sender2 = await installation.enter(hasty, from, taskId, Role.sender);
  expect(await back.expect(Commands.FileState)).toMatchObject({ state: CLIENT_FILE_PEER_READY });
  back.raw.close();
  expect(await sender2.expect(Commands.FileState)).toMatchObject({ state: CLIENT_FILE_CANCEL, userId: to });
  await hasty.stop();
});

it('a sender who owes a block for too long is closed', async () => {
  const hasty = await installation.fileServer({ STALL_MS: '200' });
  const { sender, receiver } = await begin(6, hasty);
  await receiver.pull(0, 6);
  await sender.expect(Commands.FilePullDataReq);
  await sender.raw.closed;
  await expect
    .poll(() => metricsOf(hasty), { timeout: 15_000 })
    .toContain('connections_closed_total{reason="stalled"} 1\n');
  receiver.raw.close();
  await hasty.stop();
});
