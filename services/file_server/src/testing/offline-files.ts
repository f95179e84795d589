import { Commands, IM } from '@teamtalk/protocol';
import type { Service } from '@teamtalk/service-kit';
import { afterAll, beforeAll, expect } from 'vitest';
import { from, Role, TestInstallation, to } from './test-installation.js';

const { CLIENT_FILE_DONE } = IM.BaseDefine.ClientFileState;

export const block = 32_768;
/** Two blocks per part. */
export const part = 2 * block;

/** Two file_servers with small parts, and the actions of a legacy client. */
export class OfflineFiles {
  installation!: TestInstallation;
  first!: Service;
  second!: Service;

  /** Shared by all tests of a file. */
  static forAll(): OfflineFiles {
    const files = new OfflineFiles();
    beforeAll(async () => {
      files.installation = await TestInstallation.start();
      const env = { PART_BYTES: String(part) };
      const starting = [files.installation.fileServer(env), files.installation.fileServer(env)] as const;
      [files.first, files.second] = await Promise.all(starting);
    });
    afterAll(() => files.installation.stop());
    return files;
  }

  /** Uploads block by block. @returns the task */
  async upload(content: Buffer): Promise<string> {
    const taskId = await this.installation.task(content.length, 'offline');
    const side = await this.installation.enter(this.first, from, taskId, Role.upload);
    await side.answerPulls(content);
    expect(await side.expect(Commands.FileState)).toMatchObject({
      state: CLIENT_FILE_DONE,
      taskId,
      userId: from,
    });
    await side.raw.closed;
    return taskId;
  }

  async download(taskId: string, size: number, at: Service, offset = 0): Promise<Buffer> {
    const side = await this.installation.enter(at, to, taskId, Role.download);
    const content = await side.pullAll(size, offset);
    expect(await side.expect(Commands.FileState)).toMatchObject({
      state: CLIENT_FILE_DONE,
      taskId,
      userId: to,
    });
    side.raw.close();
    return content;
  }
}
