import { randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import path from 'node:path';
import { Readable } from 'node:stream';
import { text as textOf } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { ClientError, DeadlineExceeded } from './errors.js';
import { findMsfs, reasonOf } from './server-location.js';
import { type UploadedImage, uploadedImage } from './uploaded-image.js';

export interface UploadOptions {
  /** The file's name; a size at its end (`x_320x240.jpg`) is preserved. Default: the name on disk. */
  name?: string;
  /** Upload token, if the server requires one. */
  token?: string;
  /** Default: two minutes. */
  deadlineMs?: number;
  /** Called with the bytes sent so far and the total, for each chunk. */
  onProgress?: (sent: number, total: number) => void;
}

const pieceBytes = 64 * 1024;

/**
 * Uploads an image to msfs.
 *
 *     const { text } = await uploadImage({ loginServer: 'http://127.0.0.1:8080' }, 'head.jpeg');
 *     await client.send({ user: 2 }, text);
 *
 * @param server the base URL of msfs, or of a login_server to ask for it
 * @param image a file's name, or its bytes
 * @throws ClientError `unreachable`, `upload-refused` with the server's message; DeadlineExceeded; what reading the
 *   file throws
 */
export async function uploadImage(
  server: string | { loginServer: string },
  image: string | Uint8Array,
  options: UploadOptions = {},
): Promise<UploadedImage> {
  const { deadlineMs = 120_000 } = options;
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), deadlineMs);
  try {
    const base = typeof server === 'string' ? server : await findMsfs(server.loginServer, late.signal);
    return await upload(new URL(base), image, options, late.signal);
  } catch (error) {
    if (late.signal.aborted) throw new DeadlineExceeded('the upload', deadlineMs);
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

async function upload(
  url: URL,
  image: string | Uint8Array,
  { name, token, onProgress }: UploadOptions,
  signal: AbortSignal,
): Promise<UploadedImage> {
  const size = typeof image === 'string' ? (await stat(image)).size : image.length;
  const fileName = name ?? (typeof image === 'string' ? path.basename(image) : 'image');
  const boundary = `teamtalk-${randomBytes(12).toString('hex')}`;
  const head = Buffer.from(
    `--${boundary}\r\nContent-Disposition: form-data; name="filename"; filename="${quoted(fileName)}"\r\n` +
      'Content-Type: application/octet-stream\r\n\r\n',
  );
  const tail = Buffer.from(`\r\n--${boundary}--\r\n`);
  const request = (url.protocol === 'https:' ? httpsRequest : httpRequest)(url, {
    method: 'POST',
    signal,
    headers: {
      'content-type': `multipart/form-data; boundary=${boundary}`,
      'content-length': head.length + size + tail.length,
      ...(token && { authorization: `Bearer ${token}` }),
    },
  });
  const answer = new Promise<IncomingMessage>((resolve, reject) => {
    request.once('response', resolve);
    request.once('error', (error) => {
      reject(new ClientError('unreachable', `msfs ${url.origin}: ${reasonOf(error)}`, { cause: error }));
    });
  });
  const form = formOf(head, contentOf(image), tail, (sent) => onProgress?.(sent, size));
  const sending = pipeline(Readable.from(form, { objectMode: false }), request);
  // A server that refuses responds before it has the whole body, and sending then fails: its response counts. An error
  // of reading the file surfaces here, because there is no response then.
  const response = await Promise.race([answer, sending.then(() => answer)]).catch(async (error: unknown) => {
    sending.catch(() => {});
    answer.catch(() => {});
    request.destroy();
    throw error;
  });
  sending.catch(() => {});
  return uploadedImage(await textOf(response), response.statusCode);
}

async function* formOf(
  head: Buffer,
  content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  tail: Buffer,
  onProgress: (sent: number) => void,
): AsyncGenerator<Uint8Array> {
  yield head;
  let sent = 0;
  for await (const piece of content) {
    yield piece;
    sent += piece.length;
    onProgress(sent);
  }
  yield tail;
}

function contentOf(image: string | Uint8Array): AsyncIterable<Uint8Array> | Iterable<Uint8Array> {
  if (typeof image === 'string') return createReadStream(image, { highWaterMark: pieceBytes });
  return piecesOf(image);
}

function* piecesOf(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
}

/** Escapes a name as browsers do in forms. */
function quoted(name: string): string {
  return name.replaceAll('"', '%22').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}
