import { type TestS3, testS3 } from '@teamtalk/local-stack';
import { afterAll, beforeAll } from 'vitest';
import { describeStore } from './testing/blob-store-suite.js';

let s3: TestS3;
beforeAll(async () => {
  s3 = await testS3();
});
afterAll(() => s3.stop());

describeStore('s3', () => s3.env);
