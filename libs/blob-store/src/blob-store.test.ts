import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { describeStore } from './testing/blob-store-suite.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'teamtalk-store-'));
});
afterAll(() => rm(folder, { recursive: true }));

describeStore('local', () => ({ STORAGE_DIR: path.join(folder, 'blobs') }));
