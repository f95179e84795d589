import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { deflateSync } from 'node:zlib';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { picture } from '../testing/pictures.js';
import { TestServer } from '../testing/test-server.js';

let msfs: TestServer;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'teamtalk-thumbnails-'));
  msfs = await TestServer.start({
    THUMBNAIL_DIR: folder,
    THUMBNAIL_CACHE_BYTES: '1048576',
    THUMBNAIL_MAX_PIXELS: '4000000',
    THUMBNAIL_SECONDS: '5',
    // Nothing is cached, so that the disk is read.
    IMAGE_CACHE_BYTES: '0',
  });
});
afterAll(async () => {
  await msfs.stop();
  await rm(folder, { recursive: true });
});

async function thumbnail(imagePath: string, size: string) {
  const response = await msfs.get(`${imagePath}_${size}`);
  const bytes = Buffer.from(await response.arrayBuffer());
  return { response, bytes, ...(response.ok ? await sharp(bytes).metadata() : {}) };
}

describe('a size appended to an image’s name', () => {
  it('returns the image in that size or the next larger one, with the same aspect ratio', async () => {
    const { path: square } = await msfs.upload(await picture(400, 400));
    expect(await thumbnail(square, '100x100.jpg')).toMatchObject({ width: 100, height: 100, format: 'jpeg' });
    const { path: wide } = await msfs.upload(await picture(640, 480), 'x_640x480.jpg');
    expect(await thumbnail(wide, '100x100.jpg')).toMatchObject({ width: 100, height: 75 });
    expect(await thumbnail(wide, '320x240.jpg')).toMatchObject({ width: 320, height: 240 });
    expect(await thumbnail(wide, '300x90.jpg')).toMatchObject({ width: 320, height: 240 });
    expect(await thumbnail(wide, '2048x2048.jpg')).toMatchObject({ width: 640, height: 480 });
  });

  it.each(['jpeg', 'png', 'webp', 'gif'] as const)(
    'is made from %s, in the requested format',
    async (format) => {
      const { path: imagePath } = await msfs.upload(await picture(90, 60, format), `x.${format}`);
      for (const [ending, made] of [
        ['jpg', 'jpeg'],
        ['png', 'png'],
        ['webp', 'webp'],
      ] as const) {
        const small = await thumbnail(imagePath, `50x50.${ending}`);
        expect(small).toMatchObject({ width: 50, height: 33, format: made });
        expect(small.response.headers.get('content-type')).toBe(`image/${made}`);
      }
    },
  );

  it('never makes an image larger', async () => {
    const { path: imagePath } = await msfs.upload(await picture(50, 40));
    expect(await thumbnail(imagePath, '100x100.jpg')).toMatchObject({ width: 50, height: 40 });
  });

  it('rotates a photo upright, and strips its metadata', async () => {
    const photo = await sharp(await picture(60, 40))
      .withExif({ IFD0: { Copyright: 'somebody' } })
      .withMetadata({ orientation: 6 })
      .jpeg()
      .toBuffer();
    const { path: imagePath } = await msfs.upload(photo);
    const small = await thumbnail(imagePath, '50x50.jpg');
    expect(small).toMatchObject({ width: 33, height: 50 });
    expect(small.exif).toBeUndefined();
  });

  it('is made once, cached, and served like other images', async () => {
    const { path: imagePath } = await msfs.upload(await picture(200, 200));
    const made = async () =>
      Number(/thumbnails_total\{outcome="made"\} (\d+)/.exec(await msfs.metrics())?.[1] ?? 0);
    const before = await made();
    const all = await Promise.all(Array.from({ length: 20 }, () => thumbnail(imagePath, '77x77.jpg')));
    expect(await made()).toBe(before + 1);
    for (const { bytes } of all) expect(bytes).toEqual(all[0]!.bytes);
    const { headers } = (await thumbnail(imagePath, '77x77.jpg')).response;
    expect(headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    const again = await msfs.get(`${imagePath}_77x77.jpg`, { 'if-none-match': headers.get('etag')! });
    expect(again.status).toBe(304);
    expect((await msfs.get(`${imagePath}_77x77.jpg`, { range: 'bytes=0-1' })).status).toBe(206);
  });

  it('is one of a few, however many sizes are asked for', async () => {
    const { path: imagePath } = await msfs.upload(await picture(300, 300));
    const made = async () =>
      Number(/thumbnails_total\{outcome="made"\} (\d+)/.exec(await msfs.metrics())?.[1] ?? 0);
    const before = await made();
    const sizes = Array.from({ length: 50 }, (_, i) => `${51 + i}x${100 - i}.${i % 2 ? 'jpg' : 'jpeg'}`);
    const all = await Promise.all(sizes.map((size) => thumbnail(imagePath, size)));
    for (const { width, response } of all) expect([response.status, width]).toEqual([200, 100]);
    expect(await made()).toBe(before + 1);
  });

  it('is made one at a time for each image, so that others have their turn', async () => {
    const { path: large } = await msfs.upload(await picture(1_900, 1_900));
    const { path: other } = await msfs.upload(await picture(60, 60));
    const order: string[] = [];
    const ask = (imagePath: string, size: string) =>
      thumbnail(imagePath, size).then(({ response }) => {
        expect(response.status).toBe(200);
        order.push(imagePath);
      });
    const sizes = ['1280x1280.png', '960x960.png', '640x640.png', '480x480.png', '320x320.png'];
    const many = sizes.map((size) => ask(large, size));
    await Promise.all([...many, ask(other, '50x50.jpg')]);
    expect(order.indexOf(other)).toBeLessThan(2);
  });

  it('is not made when too many are being made for the same address', async () => {
    const limited = await TestServer.start({ ADDRESS_LIMIT_EXEMPT: 'none', THUMBNAIL_MAX_WAITING: '2' });
    try {
      const { path: imagePath } = await limited.upload(await picture(1_900, 1_900));
      const sizes = ['1280x1280.png', '960x960.png', '640x640.png'];
      const statuses = await Promise.all(
        sizes.map((size) => limited.get(`${imagePath}_${size}`).then(({ status }) => status)),
      );
      expect(statuses.sort()).toEqual([200, 503, 503]);
      expect(await limited.metrics()).toContain('thumbnails_refused_by_address_total 2\n');
    } finally {
      await limited.stop();
    }
  });

  it('is made again when the folder was cleared', async () => {
    const { path: imagePath } = await msfs.upload(await picture(20, 20));
    expect((await thumbnail(imagePath, '10x10.jpg')).response.status).toBe(200);
    await rm(path.join(folder, 'g0'), { recursive: true });
    expect((await thumbnail(imagePath, '10x10.jpg')).response.status).toBe(200);
  });

  it('keeps the folder within its maximum size', async () => {
    const content = await picture(600, 600);
    for (let i = 0; i < 20; i++) {
      const { path: imagePath } = await msfs.upload(content);
      for (const size of ['480x480.png', '600x600.png']) {
        expect((await thumbnail(imagePath, size)).response.status).toBe(200);
      }
    }
    const kept = async () => {
      const entries = await readdir(folder, { recursive: true, withFileTypes: true });
      return entries.filter((entry) => entry.isFile()).length;
    };
    // A few hundred KB each: two or three fit into 1 MiB.
    await expect.poll(kept).toBeLessThan(10);
  });
});

describe('there is no thumbnail', () => {
  const status = async (imagePath: string, size: string) =>
    (await thumbnail(imagePath, size)).response.status;

  it('of unreasonable sizes', async () => {
    const { path: imagePath } = await msfs.upload(await picture(20, 20));
    for (const size of ['0x10.jpg', '10x0.jpg', '2049x10.jpg', '10x99999.jpg', '10x10.svg', '10x10.html']) {
      expect(await status(imagePath, size), size).toBe(404);
    }
  });

  it('of a file that is not an image, or missing', async () => {
    const { path: text } = await msfs.upload(Buffer.from('hello'), 'x.jpg');
    expect(await status(text, '10x10.jpg')).toBe(404);
    const { path: svg } = await msfs.upload(
      Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'),
      'x.svg',
    );
    expect(await status(svg, '10x10.jpg')).toBe(404);
    expect(await status('g0/000/000/nothing.jpg', '10x10.jpg')).toBe(404);
  });

  it('of an image that is broken', async () => {
    const { path: broken } = await msfs.upload((await picture(200, 200)).subarray(0, 400));
    expect(await status(broken, '10x10.jpg')).toBe(404);
    expect((await msfs.get(broken)).status).toBe(200);
  });

  it.each([
    ['gif', gif(65_535, 65_535)],
    ['webp', webp(16_383, 16_383)],
  ])('of a %s that claims to be huge', async (ending, bomb) => {
    const { path: imagePath } = await msfs.upload(bomb, `x.${ending}`);
    expect(imagePath).toContain(`.${ending}`);
    const begin = performance.now();
    expect(await status(imagePath, '100x100.jpg')).toBe(404);
    expect(performance.now() - begin).toBeLessThan(2_000);
  });

  it('of a decompression bomb, which is detected cheaply', async () => {
    const bombs = [png(20_000, 20_000), png(100_000, 100_000), png(2_001, 2_000)];
    for (const bomb of bombs) {
      expect(bomb.length).toBeLessThan(500_000);
      const { path: imagePath } = await msfs.upload(bomb, 'x.png');
      const begin = performance.now();
      expect(await status(imagePath, '100x100.jpg')).toBe(404);
      expect(performance.now() - begin).toBeLessThan(2_000);
      expect(await status(imagePath, '50x50.jpg')).toBe(404);
    }
    expect(await msfs.metrics()).toMatch(/thumbnails_total\{outcome="failed_before"\} [3-9]/);
    const { path: large } = await msfs.upload(png(2_000, 2_000), 'x.png');
    expect(await status(large, '100x100.jpg')).toBe(200);
  });
});

/** The beginning of a GIF that claims this size, with one frame of that size. */
function gif(width: number, height: number): Buffer {
  const size = Buffer.alloc(4);
  size.writeUInt16LE(width, 0);
  size.writeUInt16LE(height, 2);
  const screen = Buffer.concat([Buffer.from('GIF89a'), size, Buffer.from([0x80, 0, 0]), Buffer.alloc(6)]);
  const image = Buffer.concat([
    Buffer.from([0x2c, 0, 0, 0, 0]),
    size,
    Buffer.from([0, 2, 2, 0x4c, 1, 0, 0x3b]),
  ]);
  return Buffer.concat([screen, image]);
}

/** The beginning of a lossless WebP that claims this size. */
function webp(width: number, height: number): Buffer {
  const content = Buffer.alloc(30);
  content[0] = 0x2f;
  content.writeUInt32LE((width - 1) | ((height - 1) << 14), 1);
  const chunk = Buffer.concat([Buffer.from('VP8L'), lengthOf(content), content]);
  const body = Buffer.concat([Buffer.from('WEBP'), chunk]);
  return Buffer.concat([Buffer.from('RIFF'), lengthOf(body), body]);
}

function lengthOf(bytes: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(bytes.length);
  return length;
}

/** A one-colour PNG of this size: tiny as a file, gigabytes when decoded. */
function png(width: number, height: number): Buffer {
  const chunk = (type: string, content: Buffer) => {
    const body = Buffer.concat([Buffer.from(type), content]);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(content.length);
    const check = Buffer.alloc(4);
    check.writeUInt32BE(crc32(body));
    return Buffer.concat([length, body, check]);
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([1, 0, 0, 0, 0], 8);
  // One bit per pixel; of very large ones only the beginning, because the rest is never read.
  const rows = deflateSync(Buffer.alloc((1 + Math.ceil(width / 8)) * Math.min(height, 20_000)));
  const signature = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('IDAT', rows),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function crc32(bytes: Buffer): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return (crc ^ 0xffffffff) >>> 0;
}
