import type { IncomingMessage, ServerResponse } from 'node:http';
import { type BlobInfo, type BlobStore, StorageError } from '@teamtalk/blob-store';
import parseRange from 'range-parser';
import type { Image } from '../images/image-cache.js';
import type { InFlightBudget } from './in-flight-budget.js';
import { refusals, sendRefusal } from './refusals.js';

export interface ImageSource {
  store: BlobStore;
  inFlight: InFlightBudget;
}

/**
 * Answers GET and HEAD with a file of the store, with conditional and range requests.
 * @throws StorageError; if part of the response was sent, nothing more is sent after it. A client that disconnects is not
 *   an error
 */
export async function sendImage(
  request: IncomingMessage,
  response: ServerResponse,
  image: Image,
  { store, inFlight }: ImageSource,
): Promise<void> {
  const { info, bytes, headers } = image;
  if (isKnown(request, image)) {
    response.writeHead(304, headers.common).end();
    return;
  }
  const range = rangeOf(request, image);
  if (range === 'unsatisfiable') {
    sendRefusal(response, refusals.badRange, { 'content-range': `bytes */${info.size}` });
    return;
  }
  const { start, end } = range ?? { start: 0, end: info.size - 1 };
  const length = end - start + 1;
  const answer = () =>
    range
      ? response.writeHead(206, {
          ...headers.common,
          'content-length': length,
          'content-range': `bytes ${start}-${end}/${info.size}`,
        })
      : response.writeHead(200, headers.whole);
  if (request.method === 'HEAD' || info.size === 0) {
    answer().end();
  } else if (bytes && inFlight.take(response, length)) {
    answer().end(range ? bytes.subarray(start, end + 1) : bytes);
  } else {
    const blob = await store.get(info.key, { offset: start, length });
    answer();
    try {
      await blob.copyTo((piece) => write(response, piece));
      response.end();
    } catch (error) {
      // Part of it has been sent: the client must not take it for the whole file.
      response.destroy();
      if (error instanceof StorageError) throw error;
    }
  }
}

/**
 * Resolves when the system has accepted a chunk.
 * @throws Error when the connection closes
 */
function write(response: ServerResponse, piece: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    const over = (error?: Error | null) => {
      response.off('close', gone);
      if (error) reject(error);
      else resolve();
    };
    const gone = () => over(new Error('the connection closed'));
    if (response.destroyed) {
      gone();
      return;
    }
    response.once('close', gone);
    response.write(piece, over);
  });
}

/**
 * Whether the client has the file, by If-None-Match or If-Modified-Since. Its Cache-Control, with which a reload requests a
 * new copy, is ignored: a file never changes.
 */
function isKnown({ headers }: IncomingMessage, { info }: Image): boolean {
  const ifNoneMatch = headers['if-none-match'];
  if (ifNoneMatch !== undefined) {
    const etags = ifNoneMatch.split(',').map((each) => each.trim().replace(/^W\//, ''));
    return etags.includes('*') || etags.includes(`"${info.etag}"`);
  }
  return isNotNewer(info, headers['if-modified-since']);
}

/** HTTP dates have whole seconds. */
function isNotNewer({ modified }: BlobInfo, date: string | undefined): boolean {
  return date !== undefined && Math.floor(modified.getTime() / 1000) <= Date.parse(date) / 1000;
}

/** The requested range; undefined: send the whole file (no range, several, or of another version). */
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
