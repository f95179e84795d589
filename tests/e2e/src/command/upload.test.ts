import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { testNats } from '@teamtalk/local-stack';
import { loadConfig, startMsfs } from '@teamtalk/msfs';
import type { Service } from '@teamtalk/service-kit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { teamtalk } from './run.js';

const token = 'a-token-for-uploads';

describe('upload', () => {
  let folder: string;
  let msfs: Service;
  let file: string;

  beforeAll(async () => {
    const nats = await testNats();
    folder = await mkdtemp(path.join(tmpdir(), 'teamtalk-upload-'));
    file = path.join(folder, 'note_3x2.gif');
    await writeFile(file, 'GIF89a and more');
    const env = {
      NATS_URL: nats.url,
      NATS_PREFIX: nats.prefix,
      LOG_LEVEL: 'silent',
      OPS_PORT: '0',
      HTTP_PORT: '0',
      STORAGE_DIR: path.join(folder, 'storage'),
      MSFS_UPLOAD_AUTH: 'tokens',
      MSFS_UPLOAD_TOKENS: token,
    };
    msfs = await startMsfs(loadConfig(env));
  });
  afterAll(async () => {
    await msfs.stop();
    await rm(folder, { recursive: true });
  });

  const upload = (...words: string[]) =>
    teamtalk(['upload', ...words, '--msfs', `http://127.0.0.1:${msfs.ports.http}`]);

  it('says the URL of the image, and the text that shows it', async () => {
    const { status, stdout, stderr } = await upload(file, '--token', token);
    expect(status).toBe(0);
    const [url, text] = stdout.split('\n');
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/g0\/\d{3}\/\d{3}\/\d+_\d+_3x2\.gif$/);
    expect(text).toBe(`&$#@~^@[{:${url}:}]&$~@#@`);
    expect(stderr).toMatch(/^15 B in \d+\.\d s, \d.*B\/s\n$/);
    expect(await (await fetch(url!)).text()).toBe('GIF89a and more');
  });

  it('says why an image is not taken', async () => {
    expect(await upload(file)).toMatchObject({ status: 1, stderr: 'teamtalk: upload refused: 未授权 (5)\n' });
    const missing = await upload(path.join(folder, 'nothing'), '--token', token);
    expect(missing).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/nothing cannot be read: ENOENT/),
    });
    expect((await upload()).status).toBe(2);
  });
});
