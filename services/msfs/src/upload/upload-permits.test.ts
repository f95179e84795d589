import { Bus, HeartbeatPublisher, topics } from '@teamtalk/bus';
import { createLogger, Metrics } from '@teamtalk/service-kit';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { formHead, picture } from '../testing/pictures.js';
import { TestServer } from '../testing/test-server.js';

let msfs: TestServer;
let bus: Bus;
const heartbeats: HeartbeatPublisher[] = [];
let image: Buffer;

beforeEach(async () => {
  image = await picture(5, 5);
  msfs = await TestServer.start({ MSFS_UPLOAD_AUTH: 'addresses', MSFS_UPLOAD_TOKENS: 'token-of-a-program' });
  const log = createLogger({ service: 'test', instance: 1, level: 'silent' });
  bus = await Bus.connect({ ...msfs.nats, name: 'test', log, metrics: new Metrics('test') });
});
afterEach(async () => {
  for (const each of heartbeats.splice(0)) await each.stop();
  await bus.drain();
  await msfs.stop();
});

/** A msg_server that is alive. @param addressUsers whether it is of a version that says who is logged in from where */
function msgServer(instance: number, addressUsers: boolean): void {
  const self = { instance, service: 'msg_server', hostname: 'test' };
  heartbeats.push(new HeartbeatPublisher(bus, self, () => ({ addressUsers })));
}

const status = async () => (await msfs.post(image)).status;

it('while no msg_server is known an upload is to be tried again, unless it has a token', async () => {
  expect(await status()).toBe(503);
  const headers = { authorization: 'Bearer token-of-a-program' };
  expect((await msfs.post(image, 'a.jpg', 'f', { headers })).status).toBe(200);
});

it('a msg_server of the version before cannot say who is logged in; uploads are accepted while one runs', async () => {
  msgServer(7, true);
  msgServer(8, false);
  await expect.poll(status).toBe(200);
});

it('is to be tried again when a msg_server is silent, not refused for good', async () => {
  msgServer(7, true);
  msgServer(8, true);
  bus.answer(topics.addressUsers, () => ({ instance: 7, userIds: [] }));
  await expect.poll(() => msfs.metrics()).toMatch(/uploads_refused_total/);
  expect(await status()).toBe(503);
  expect(await msfs.metrics()).toContain('uploads_refused_total{reason="unknown"} 1\n');
});

it('an upload that is aborted leaves nothing behind, whether before or after msg_servers have answered', async () => {
  msgServer(7, true);
  bus.answer(topics.addressUsers, () => ({ instance: 7, userIds: [5] }));
  await expect.poll(status).toBe(200);
  const before = await msfs.files();
  for (let round = 0; round < 5; round++) {
    const halves = Array.from({ length: 50 }, async () => {
      const { socket, closed } = msfs.raw();
      socket.write(formHead(100_000));
      await new Promise<void>((resolve) => socket.write(Buffer.alloc(50_000, 1), () => resolve()));
      socket.destroy();
      await closed;
    });
    await Promise.all(halves);
  }
  await expect.poll(() => msfs.files(), { timeout: 15_000 }).toEqual(before);
  await expect.poll(() => msfs.metrics()).toContain('uploads_in_progress 0\n');
  await expect.poll(() => msfs.metrics()).toContain(`upload_day_bytes ${image.length}\n`);
  expect(await status()).toBe(200);
});

it('msg_servers are asked once for many uploads at a time', async () => {
  msgServer(7, true);
  let asked = 0;
  bus.answer(topics.addressUsers, ({ network }) => {
    asked++;
    return { instance: 7, userIds: network === '127.0.0.1' ? [5] : [] };
  });
  await expect.poll(status).toBe(200);
  const all = await Promise.all(Array.from({ length: 20 }, status));
  expect(all).toEqual(Array(20).fill(200));
  expect(asked).toBe(1);
});
