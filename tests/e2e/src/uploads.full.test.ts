import { request } from 'node:http';
import { TestCluster } from '@teamtalk/cluster';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const dayBytes = 100_000;

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await TestCluster.start({
    msg_server: 2,
    msfs: 2,
    envOf: { msfs: { UPLOAD_DAY_BYTES: String(dayBytes), TRUSTED_PROXIES: '127.0.0.9' } },
  });
  await cluster.addUsers(['a', 'b', 'c']);
});
afterAll(() => cluster.stop());

interface From {
  /** index of the msfs */
  at?: number;
  address?: string;
  forwardedFor?: string;
}

/** Uploads bytes from a loopback address. @returns the status, and what the client reads */
async function upload(
  bytes: number,
  { at = 0, address = '127.0.0.1', forwardedFor }: From = {},
): Promise<{ status: number; error_code: number }> {
  const body = Buffer.concat([
    Buffer.from('--b\r\nContent-Disposition: form-data; name="f"; filename="a.jpg"\r\n\r\n'),
    Buffer.alloc(bytes, 1),
    Buffer.from('\r\n--b--\r\n'),
  ]);
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        host: '127.0.0.1',
        port: cluster.port('msfs', at, 'http'),
        localAddress: address,
        method: 'POST',
        headers: {
          'content-type': 'multipart/form-data; boundary=b',
          'content-length': body.length,
          ...(forwardedFor && { 'x-forwarded-for': forwardedFor }),
        },
      },
      async (response) => {
        let text = '';
        for await (const chunk of response) text += String(chunk);
        resolve({ status: response.statusCode ?? 0, ...JSON.parse(text) });
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });
}

describe('an upload without a token', () => {
  it('is taken from the address of a user who is logged in at any msg_server, and from no other', async () => {
    expect(await upload(10)).toMatchObject({ status: 401, error_code: 5, error_msg: '未登录' });
    const client = await cluster.connect('a', { server: 1 });
    await expect.poll(() => upload(10)).toMatchObject({ status: 200, error_code: 0 });
    expect(await upload(10, { at: 1 })).toMatchObject({ status: 200 });
    expect(await upload(10, { address: '127.0.0.2' })).toMatchObject({ status: 401, error_code: 5 });
    expect(await upload(10, { address: '127.0.0.2', forwardedFor: '127.0.0.1' })).toMatchObject({
      status: 401,
    });
    expect(await upload(10, { address: '127.0.0.9', forwardedFor: '127.0.0.1' })).toMatchObject({
      status: 200,
    });
    expect(await upload(10, { address: '127.0.0.9', forwardedFor: '192.0.2.1' })).toMatchObject({
      status: 401,
    });
    await client.close();
    for (const at of [0, 1]) {
      await expect.poll(() => upload(10, { at }), { timeout: 20_000 }).toMatchObject({ status: 401 });
    }
    expect(
      await cluster.metric('msfs', 0, 'uploads_refused_total', { reason: 'not_logged_in' }),
    ).toBeGreaterThan(3);
  }, 60_000);

  it('counts towards the bytes of a user there, at all msfs, until the quota of the day is used up', async () => {
    const client = await cluster.connect('b');
    for (const at of [0, 1]) await expect.poll(() => upload(10, { at })).toMatchObject({ status: 200 });
    const used = () => cluster.metric('msfs', 0, 'upload_day_bytes');
    const before = await used();
    expect(await upload(dayBytes + 1)).toMatchObject({ status: 429, error_code: 9 });
    expect(await upload(60_000, { at: 1 })).toMatchObject({ status: 200 });
    await expect.poll(used).toBeGreaterThanOrEqual(before + 60_000);
    expect(await upload(40_001)).toMatchObject({ status: 429 });
    expect(await upload(30_000)).toMatchObject({ status: 200 });
    expect(await upload(20_000)).toMatchObject({ status: 429 });
    // Of another user at the same address there is a quota, too, once it is known that they are there.
    const other = await cluster.connect('c', { server: 1 });
    await expect.poll(() => upload(30_000), { timeout: 20_000 }).toMatchObject({ status: 200 });
    await client.close();
    await other.close();
  }, 60_000);
});
