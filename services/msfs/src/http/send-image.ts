import { pipeline } from 'node:stream/promises';
import type { BlobInfo, BlobStore } from '@teamtalk/blob-store';
import type { Request, Response } from 'express';
import type { Image } from '../images/image-cache.js';

/**
 * Answers GET and HEAD with a file of `store`: conditional, and by ranges, where the client asks for it. It
 * may be kept for ever. What is no image is only offered as a download, and no browser takes it for anything
 * else, whatever is in it.
 * @throws StorageError before anything was sent; a client that goes away is no failure
 */
export async function sendImage(
  request: Request,
  response: Response,
  image: Image,
  store: BlobStore,
): Promise<void> {
  const { info, type, bytes } = image;
  const name = info.key.slice(info.key.lastIndexOf('/') + 1);
  response.set({
    etag: `"${info.etag}"`,
    'last-modified': info.modified.toUTCString(),
    'cache-control': 'public, max-age=31536000, immutable',
    'accept-ranges': 'bytes',
    'access-control-allow-origin': '*',
    'cross-origin-resource-policy': 'cross-origin',
    'content-security-policy': "default-src 'none'; sandbox",
    'x-content-type-options': 'nosniff',
    'content-type': type ?? 'application/octet-stream',
  });
  if (!type) response.set('content-disposition', `attachment; filename="${name}"`);
  if (isKnown(request, image)) {
    response.status(304).removeHeader('content-type');
    response.end();
    return;
  }
  const range = rangeOf(request, image);
  if (range === 'unsatisfiable') {
    response.removeHeader('cache-control');
    response.removeHeader('content-disposition');
    response
      .status(416)
      .set({ 'content-range': `bytes */${info.size}`, 'content-length': '0' })
      .end();
    return;
  }
  const { start, end } = range ?? { start: 0, end: info.size - 1 };
  if (range) response.status(206).set('content-range', `bytes ${start}-${end}/${info.size}`);
  response.set('content-length', String(end - start + 1));
  if (request.method === 'HEAD' || info.size === 0) {
    response.end();
  } else if (bytes) {
    response.end(range ? bytes.subarray(start, end + 1) : bytes);
  } else {
    const { stream } = await store.get(info.key, { offset: start, length: end - start + 1 });
    // A client that goes away, or is too slow: its connection is gone, there is nobody to tell.
    await pipeline(stream, response).catch(() => response.destroy());
  }
}

/**
 * Whether the client has the file, as it says by If-None-Match or If-Modified-Since. Its Cache-Control, which
 * asks for a new copy when somebody reloads a page, does not count: there is no other version.
 */
function isKnown({ headers }: Request, { info }: Image): boolean {
  const ifNoneMatch = headers['if-none-match'];
  if (ifNoneMatch !== undefined) {
    const etags = ifNoneMatch.split(',').map((each) => each.trim().replace(/^W\//, ''));
    return etags.includes('*') || etags.includes(`"${info.etag}"`);
  }
  return isNotNewer(info, headers['if-modified-since']);
}

/** Dates in headers have whole seconds. */
function isNotNewer({ modified }: BlobInfo, date: string | undefined): boolean {
  return date !== undefined && Math.floor(modified.getTime() / 1000) <= Date.parse(date) / 1000;
}

/** The one range asked for; undefined: the whole file is to be sent (no range, several, or of another file). */
function rangeOf(
  request: Request,
  { info }: Image,
): { start: number; end: number } | 'unsatisfiable' | undefined {
  const ifRange = request.get('if-range');
  const isSameFile = ifRange === undefined || ifRange === `"${info.etag}"` || isNotNewer(info, ifRange);
  if (!request.headers.range || !isSameFile) return undefined;
  const ranges = request.range(info.size);
  if (ranges === -1) return 'unsatisfiable';
  if (!Array.isArray(ranges) || ranges.type !== 'bytes' || ranges.length !== 1) return undefined;
  return ranges[0];
}
