import { randomBytes } from 'node:crypto';
import { type TestS3, testS3, waitUntil } from '@teamtalk/local-stack';
import { Commands, IM } from '@teamtalk/protocol';
import type { Service } from '@teamtalk/service-kit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { from, Role, TestInstallation, to } from '../testing/test-installation.js';

const { CLIENT_FILE_DONE } = IM.BaseDefine.ClientFileState;
const part = 65_536;

let installation: TestInstallation;
let s3: TestS3;
let first: Service;
let second: Service;
beforeAll(async () => {
  installation = await TestInstallation.start();
  s3 = await testS3();
  const env = { ...s3.env, PART_BYTES: String(part), SWEEP_MS: '100' };
  [first, second] = await Promise.all([installation.fileServer(env), installation.fileServer(env)]);
});
afterAll(async () => {
  await installation.stop();
  await s3.stop();
});

const objects = async () =>
  (await (await fetch(`${s3.endpoint}/${s3.bucket}`)).text()).split('<Key>').length - 1;

it('in an object store: an interrupted upload resumes elsewhere, downloads intact, and leaves nothing behind', async () => {
  const content = randomBytes(3 * part + 77);
  const taskId = await installation.task(content.length, 'offline');
  const broken = await installation.enter(first, from, taskId, Role.upload);
  await broken.answerPulls(content, 5);
  broken.raw.close();
  const came = 5 * 32_768;
  await waitUntil(() => installation.db.tasks.get(taskId)?.stored === came, { what: 'all that came' });
  const side = await installation.enter(second, from, taskId, Role.upload);
  const pull = await side.expect(Commands.FilePullDataReq);
  expect(pull.offset).toBe(came);
  await side.data(pull.offset, content.subarray(pull.offset, pull.offset + pull.dataSize));
  await side.answerPulls(content);
  expect(await side.expect(Commands.FileState)).toMatchObject({ state: CLIENT_FILE_DONE });
  for (const at of [first, second]) {
    const receiver = await installation.enter(at, to, taskId, Role.download);
    expect((await receiver.pullAll(content.length)).equals(content)).toBe(true);
    receiver.raw.close();
    const again = await installation.enter(at, to, taskId, Role.download);
    expect((await again.pullAll(content.length, part + 1)).equals(content.subarray(part + 1))).toBe(true);
    again.raw.close();
  }
  expect(await objects()).toBe(4);
  installation.db.ended.add(taskId);
  await waitUntil(async () => (await objects()) === 0, { what: 'an empty bucket' });
});
