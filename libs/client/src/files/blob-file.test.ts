import { File } from 'node:buffer';
import { expect, it } from 'vitest';
import { BlobSink, blobSource } from './blob-file.js';

const bytes = Uint8Array.from({ length: 100 }, (_, i) => i);

it('reads any part of a Blob, and fails beyond its end', async () => {
  const source = blobSource(new Blob([bytes]), 'a.bin');
  expect([source.name, source.size]).toEqual(['a.bin', 100]);
  expect(await source.read(90, 10)).toEqual(bytes.subarray(90));
  await expect(source.read(95, 10)).rejects.toThrow(RangeError);
  expect(blobSource(new File([bytes], 'picked.bin')).name).toBe('picked.bin');
});

it('collects any amount of data into a Blob, and can continue after that', async () => {
  const sink = new BlobSink();
  const piece = new Uint8Array(3 * 1024 * 1024).fill(7);
  for (let i = 1; i <= 4; i++) {
    await sink.write(piece);
    expect(sink.offset).toBe(i * piece.length);
  }
  // The buffer may be reused by the caller.
  const last = Uint8Array.of(1, 2, 3);
  await sink.write(last);
  last.fill(0);
  await sink.finish();
  const received = new Uint8Array(await sink.blob.arrayBuffer());
  expect(received.length).toBe(4 * piece.length + 3);
  expect([...received.subarray(-4)]).toEqual([7, 1, 2, 3]);
});
