import { type TestS3, testS3 } from '@teamtalk/local-stack';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { picture } from './testing/pictures.js';
import { TestServer } from './testing/test-server.js';

describe('replicas on one bucket', () => {
  let s3: TestS3;
  let replicas: TestServer[];
  beforeAll(async () => {
    s3 = await testS3();
    replicas = [await TestServer.start(s3.env), await TestServer.start(s3.env)];
  });
  afterAll(async () => {
    await Promise.all(replicas.map((replica) => replica.stop()));
    await s3.stop();
  });

  it('serve what any of them has taken', async () => {
    const [first, second] = replicas as [TestServer, TestServer];
    for (const side of [100, 900]) {
      const content = await picture(side, side, 'png');
      const { path } = await first.upload(content, 'x.png');
      const [here, there] = [await first.get(path), await second.get(path)];
      expect(content.equals(Buffer.from(await there.arrayBuffer()))).toBe(true);
      expect(there.headers.get('etag')).toBe(here.headers.get('etag'));
      const part = await second.get(path, { range: 'bytes=5-9' });
      expect(Buffer.from(await part.arrayBuffer())).toEqual(content.subarray(5, 10));
      const sizes = [await first.get(`${path}_50x50.jpg`), await second.get(`${path}_50x50.jpg`)];
      expect(sizes.map(({ status }) => status)).toEqual([200, 200]);
      expect(sizes[0]!.headers.get('etag')).toBe(sizes[1]!.headers.get('etag'));
    }
  });
});
