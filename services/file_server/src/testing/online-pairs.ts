import { Commands, IM } from '@teamtalk/protocol';
import type { Service } from '@teamtalk/service-kit';
import { afterAll, beforeAll, expect } from 'vitest';
import { from, Role, type Side, TestInstallation, to } from './test-installation.js';

const { CLIENT_FILE_PEER_READY } = IM.BaseDefine.ClientFileState;

/** Both sides of an online transfer. */
export interface Pair {
  taskId: string;
  sender: Side;
  receiver: Side;
}

/** A file_server, and pairs of clients that transfer files through it. */
export class OnlinePairs {
  installation!: TestInstallation;
  service!: Service;

  /** Shared by all tests of a file. */
  static forAll(): OnlinePairs {
    const pairs = new OnlinePairs();
    beforeAll(async () => {
      pairs.installation = await TestInstallation.start();
      pairs.service = await pairs.installation.fileServer();
    });
    afterAll(() => pairs.installation.stop());
    return pairs;
  }

  /** Both are logged in, and the receiver has been told to pull. */
  async begin(size: number, at = this.service): Promise<Pair> {
    const { installation } = this;
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
}

/** One pull and its data. @returns what the receiver got */
export async function carry(
  { sender, receiver }: Pair,
  content: Buffer,
  offset: number,
  size: number,
): Promise<Buffer> {
  await receiver.pull(offset, size, 33);
  const pull = await sender.expect(Commands.FilePullDataReq);
  expect(pull).toMatchObject({ userId: to, taskId: sender.taskId, transMode: 1, offset, seqNum: 0 });
  await sender.data(pull.offset, content.subarray(pull.offset, pull.offset + pull.dataSize));
  const reply = await receiver.expect(Commands.FilePullDataRsp);
  expect(reply).toMatchObject({ resultCode: 0, userId: from, taskId: sender.taskId, offset, seqNum: 33 });
  return Buffer.from(reply.fileData);
}
