import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import type { BlobInfo, BlobStore } from '@teamtalk/blob-store';
import parseRange from 'range-parser';
import type { Image } from '../images/image-cache.js';

/**
 * Answers GET and HEAD with a file of `store`: conditional, and by ranges, where the client asks for it.
 * @throws StorageError before anything was sent; a client that goes away is no failure
 */
export async function sendImage(
  request: IncomingMessage,
  response: ServerResponse,
  image: Image,
  store: BlobStore,
): Promise<void> {
  const { info, bytes, headers } = image;
  if (isKnown(request, image)) {
    response.writeHead(304, headers).end();
    return;
  }
  const range = rangeOf(request, image);
  if (range === 'unsatisfiable') {
    response.writeHead(416, { 'content-range': `bytes */${info.size}`, 'content-length': '0' }).end();
    return;
  }
  const { start, end } = range ?? { start: 0, end: info.size - 1 };
  const length = end - start + 1;
  const answer = () =>
    response.writeHead(range ? 206 : 200, {
      ...headers,
      'content-length': length,
      ...(range && { 'content-range': `bytes ${start}-${end}/${info.size}` }),
    });
  if (request.method === 'HEAD' || info.size === 0) {
    answer().end();
  } else if (bytes) {
    answer().end(range ? bytes.subarray(start, end + 1) : bytes);
  } else {
    const { stream } = await store.get(info.key, { offset: start, length });
    answer();
    // A client that goes away, or is too slow: its connection is gone, there is nobody to tell.
    await pipeline(stream, response).catch(() => response.destroy());
  }
}

/**
 * Whether the client has the file, as it says by If-None-Match or If-Modified-Since. Its Cache-Control, which
 * asks for a new copy when somebody reloads a page, does not count: there is no other version.
 */
function isKnown({ headers }: IncomingMessage, { info }: Image): boolean {
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
  { headers }: IncomingMessage,
  { info }: Image,
): { start: number; end: number } | 'unsatisfiable' | undefined {
  const { range } = headers;
  const ifRange = headers['if-range']?.toString();
  const isSameFile = ifRange === undefined || ifRange === `"${info.etag}"` || isNotNewer(info, ifRange);
  if (!range || !isSameFile) return undefined;
  const ranges = parseRange(info.size, range);
  if (ranges === -1) return 'unsatisfiable';
  if (!Array.isArray(ranges) || ranges.type !== 'bytes' || ranges.length !== 1) return undefined;
  return ranges[0];
}
