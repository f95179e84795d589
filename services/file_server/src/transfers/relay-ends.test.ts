import { topics } from '@teamtalk/bus';
import { waitUntil } from '@teamtalk/local-stack';
import { Commands, IM } from '@teamtalk/protocol';
import { expect, it } from 'vitest';
import { carry, OnlinePairs } from '../testing/online-pairs.js';
import { from, metricsOf, Role, to } from '../testing/test-installation.js';

const { CLIENT_FILE_PEER_READY, CLIENT_FILE_CANCEL, CLIENT_FILE_REFUSE, CLIENT_FILE_DONE } =
  IM.BaseDefine.ClientFileState;

const pairs = OnlinePairs.forAll();

it.each([
  ['the sender cancels', 'sender', CLIENT_FILE_CANCEL],
  ['the receiver cancels', 'receiver', CLIENT_FILE_CANCEL],
  ['the receiver refuses', 'receiver', CLIENT_FILE_REFUSE],
] as const)('%s: the other side is told, and the transfer ends', async (_, who, state) => {
  const pair = await pairs.begin(3);
  const other = who === 'sender' ? pair.receiver : pair.sender;
  await pair[who].state(state);
  expect(await other.expect(Commands.FileState)).toMatchObject({
    state,
    userId: pair[who].userId,
    seqNum: 0,
  });
  await Promise.all([pair.sender.raw.closed, pair.receiver.raw.closed]);
  await waitUntil(() => pairs.installation.db.ended.has(pair.taskId), { what: 'the task is over' });
});

it('only the connections of a user who is logged out everywhere are closed', async () => {
  const [cut, other] = [await pairs.begin(3), await pairs.begin(3)];
  let isOpen = true;
  void cut.receiver.raw.closed.then(() => {
    isOpen = false;
  });
  const { bus } = pairs.installation;
  bus.publish(topics.cutOff, { userId: from });
  await Promise.all([cut.sender.raw.closed, other.sender.raw.closed]);
  expect(isOpen).toBe(true);
  expect(await metricsOf(pairs.service)).toContain('connections_closed_total{reason="logged_out"} 2');
});

it('a transfer ends at once, however long the store takes to record it', async () => {
  const { taskId, sender, receiver } = await pairs.begin(3);
  let note = () => {};
  pairs.installation.db.held = new Promise((resolve) => {
    note = resolve;
  });
  await receiver.state(CLIENT_FILE_CANCEL);
  await sender.expect(Commands.FileState);
  const again = await pairs.installation.side(pairs.service, from, taskId);
  expect(await again.logIn(Role.sender)).toBe(1);
  pairs.installation.db.held = undefined;
  note();
  await waitUntil(() => pairs.installation.db.ended.has(taskId), { what: 'the task is over' });
});

it.each([
  ['a receiver who refuses', to, Role.receiver, CLIENT_FILE_REFUSE, from, Role.sender],
  ['a sender who cancels', from, Role.sender, CLIENT_FILE_CANCEL, to, Role.receiver],
] as const)(
  '%s before the other side has connected: it is told once, when it connects',
  async (_, who, role, state, other, otherRole) => {
    const taskId = await pairs.installation.task(3, 'online');
    const hasty = await pairs.installation.enter(pairs.service, who, taskId, role);
    await hasty.state(state);
    await hasty.raw.closed;
    const late = await pairs.installation.enter(pairs.service, other, taskId, otherRole);
    expect(await late.expect(Commands.FileState)).toMatchObject({ state, userId: who, taskId, seqNum: 0 });
    await late.raw.closed;
    for (const [user, its] of [
      [other, otherRole],
      [who, role],
    ] as const) {
      const again = await pairs.installation.side(pairs.service, user, taskId);
      expect(await again.logIn(its)).toBe(1);
    }
    const stranger = await pairs.installation.side(pairs.service, 77, taskId);
    expect(await stranger.logIn(otherRole)).toBe(1);
  },
);

it('a client that logs in while the transfer ends is told and does not wait for ever', async () => {
  const taskId = await pairs.installation.task(3, 'online');
  const receiver = await pairs.installation.enter(pairs.service, to, taskId, Role.receiver);
  let goOn = () => {};
  pairs.installation.held = new Promise((resolve) => {
    goOn = resolve;
  });
  const sender = await pairs.installation.side(pairs.service, from, taskId);
  const login = sender.logIn(Role.sender);
  await receiver.state(CLIENT_FILE_REFUSE);
  await receiver.raw.closed;
  await waitUntil(() => pairs.installation.db.ended.has(taskId), { what: 'the task is over' });
  pairs.installation.held = undefined;
  goOn();
  expect(await login).toBe(0);
  expect(await sender.expect(Commands.FileState)).toMatchObject({ state: CLIENT_FILE_REFUSE, userId: to });
  await sender.raw.closed;
});

it('a sender that missed the end because its connection broke is told that the transfer is done', async () => {
  const { taskId, sender, receiver } = await pairs.begin(3);
  await carry({ taskId, sender, receiver }, Buffer.from('abc'), 0, 3);
  sender.raw.close();
  await sender.raw.closed;
  await receiver.state(CLIENT_FILE_DONE);
  await receiver.raw.closed;
  const back = await pairs.installation.enter(pairs.service, from, taskId, Role.sender);
  expect(await back.expect(Commands.FileState)).toMatchObject({ state: CLIENT_FILE_DONE, userId: to });
  await back.raw.closed;
});

it('a reconnected sender gets its unanswered pulls again', async () => {
  const { taskId, sender, receiver } = await pairs.begin(6);
  await receiver.pull(0, 3);
  await sender.expect(Commands.FilePullDataReq);
  sender.raw.close();
  const back = await pairs.installation.enter(pairs.service, from, taskId, Role.sender);
  await back.answerPulls(Buffer.from('abcdef'), 1);
  expect(Buffer.from((await receiver.expect(Commands.FilePullDataRsp)).fileData).toString()).toBe('abc');
  await receiver.pull(3, 3);
  await back.answerPulls(Buffer.from('abcdef'), 1);
  expect(Buffer.from((await receiver.expect(Commands.FilePullDataRsp)).fileData).toString()).toBe('def');
  back.raw.close();
  receiver.raw.close();
});

it('a reconnected receiver continues where it was and gets no answers to earlier pulls', async () => {
  const { taskId, sender, receiver } = await pairs.begin(6);
  await receiver.pull(0, 2);
  await sender.expect(Commands.FilePullDataReq);
  const back = await pairs.installation.enter(pairs.service, to, taskId, Role.receiver);
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

it('a peer that does not reconnect counts as cancelled; the transfer can be started again', async () => {
  const hasty = await pairs.installation.fileServer({ PEER_GRACE_MS: '100' });
  const { taskId, sender, receiver } = await pairs.begin(6, hasty);
  sender.raw.close();
  expect(await receiver.expect(Commands.FileState)).toMatchObject({
    state: CLIENT_FILE_CANCEL,
    userId: from,
  });
  await receiver.raw.closed;
  const back = await pairs.installation.enter(hasty, to, taskId, Role.receiver);
  const sender2 = await pairs.installation.enter(hasty, from, taskId, Role.sender);
  expect(await back.expect(Commands.FileState)).toMatchObject({ state: CLIENT_FILE_PEER_READY });
  back.raw.close();
  expect(await sender2.expect(Commands.FileState)).toMatchObject({ state: CLIENT_FILE_CANCEL, userId: to });
  await hasty.stop();
});

it('a sender that does not send a due block is closed', async () => {
  const hasty = await pairs.installation.fileServer({ STALL_MS: '200' });
  const { sender, receiver } = await pairs.begin(6, hasty);
  await receiver.pull(0, 6);
  await sender.expect(Commands.FilePullDataReq);
  await sender.raw.closed;
  await expect
    .poll(() => metricsOf(hasty), { timeout: 15_000 })
    .toContain('connections_closed_total{reason="stalled"} 1\n');
  receiver.raw.close();
  await hasty.stop();
});
