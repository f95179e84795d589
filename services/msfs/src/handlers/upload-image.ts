import { preflightHeaders } from '@teamtalk/net';
import type { Request, RequestHandler, Response } from 'express';
import multer from 'multer';
import type { Context } from '../context.js';
import { type Refusal, refusals, sendRefusal } from '../http/refusals.js';
import { sendJson } from '../http/send-json.js';
import { StoreEngine, type UploadedFile } from '../upload/store-engine.js';
import { refusalFor } from '../upload/upload-error.js';
import type { Permit } from '../upload/upload-permits.js';

/** Maximum size of a form besides its file. */
const formBytes = 64 * 1024;
/** How long a client that sends too much may take to read the response before its connection is closed. */
const lingerMs = 3_000;

/**
 * `POST` at any path: stores the file of a form, whatever its field name, and responds with its URL in one line of JSON,
 * because Android reads only one. Refusals are JSON, too.
 */
export function uploadImage(context: Context, onBroken: (error: unknown) => void): RequestHandler {
  const { limits, permits, store, uploads } = context;
  const takeFile = multer({
    storage: new StoreEngine(store, limits.uploadBytes),
    limits: {
      fileSize: limits.uploadBytes,
      files: 1,
      fields: 20,
      parts: 21,
      fieldSize: 4096,
      fieldNameSize: 200,
      headerPairs: 20,
    },
  }).any();

  const take = (request: Request, response: Response, permit: Permit) => {
    let stored = 0;
    response.once('close', () => permit.settle(stored));
    if (request.headers.expect !== undefined) response.writeContinue();
    cutOffWhatIsTooLarge(request, response, limits.uploadBytes + formBytes);
    if (limits.uploadRate > 0) cutOffWhatIsTooSlow(request, response, limits);
    takeFile(request, response, (error: unknown) => {
      const [file] = (request.files ?? []) as UploadedFile[];
      if (file && !error) stored = file.stored.size;
      if (response.headersSent) return;
      if (error || !file) {
        if (error && !request.complete) onBroken(error);
        sendRefusal(response, error ? refusalFor(error) : refusals.noFile);
        return;
      }
      const path = file.stored.key;
      const url = `${context.publicUrl ?? ownUrl(request)}/${path}`;
      sendJson(response, 200, JSON.stringify({ error_code: 0, error_msg: '成功', path, url }));
    });
  };

  return (request, response, next) => {
    response.set(context.uploadOrigins.corsHeaders(request.headers.origin));
    const early = refusalBefore(request, limits.uploadBytes, permits.refusalOf(request), uploads.isFull);
    if (early) {
      sendRefusal(response, early);
      return;
    }
    if (!context.mayUploadMore(request, response)) {
      sendRefusal(response, refusals.tooMany);
      return;
    }
    uploads.take(response);
    const permit = permits.permit(request, mostBytes(request, limits.uploadBytes));
    if (!(permit instanceof Promise)) take(request, response, permit);
    else {
      permit
        .then((answer) => {
          if ('status' in answer) sendRefusal(response, answer);
          // The client may have gone meanwhile.
          else if (request.destroyed || response.destroyed) answer.settle(0);
          else take(request, response, answer);
        })
        .catch(next);
    }
  };
}

/** What an upload can have at most: its length, or the largest of all where that is not known. */
function mostBytes({ headers }: Request, maxBytes: number): number {
  const { 'content-length': length, 'transfer-encoding': encoding } = headers;
  return encoding === undefined ? Math.min(Number(length ?? 0), maxBytes) : maxBytes;
}

/** `OPTIONS`: the preflight request of a browser before a page uploads with a token. */
export function allowUpload(context: Context): RequestHandler {
  return (request, response) => {
    response.set(context.uploadOrigins.corsHeaders(request.headers.origin));
    response.set(preflightHeaders('POST', 'authorization'));
    response.status(204).end();
  };
}

function refusalBefore(
  request: Request,
  maxBytes: number,
  notAllowed: Refusal | undefined,
  isFull: boolean,
): Refusal | undefined {
  if (notAllowed) return notAllowed;
  if (isFull) return refusals.tooMany;
  if (!request.is('multipart/form-data')) return refusals.noFile;
  return Number(request.headers['content-length'] ?? 0) > maxBytes + formBytes
    ? refusals.tooLarge
    : undefined;
}

/** The parser reads an oversized form to its end, so that the client reads the response; this bounds it. */
function cutOffWhatIsTooLarge(request: Request, response: Response, maxBytes: number): void {
  let bytes = 0;
  let timer: NodeJS.Timeout | undefined;
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > maxBytes) timer ??= setTimeout(() => sendRefusal(response, refusals.tooLarge), lingerMs);
  });
  response.once('close', () => clearTimeout(timer));
}

/** A slow upload takes a slot from others for as long as it lasts. Pauses in which the store holds it up do not count. */
function cutOffWhatIsTooSlow(
  request: Request,
  response: Response,
  { uploadRate, rateMs }: Context['limits'],
): void {
  let bytes = 0;
  let slowTimes = 0;
  const timer = setInterval(() => {
    const isSlow = bytes < (uploadRate * rateMs) / 1000 && !request.complete && !request.isPaused();
    bytes = 0;
    slowTimes = isSlow ? slowTimes + 1 : 0;
    // Once may be this process, which stalled and has not read what is there.
    if (slowTimes >= 2) sendRefusal(response, refusals.tooSlow);
  }, rateMs);
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
  });
  response.once('close', () => clearInterval(timer));
}

/** The address from the client's Host header, or the server's own if the header is not usable. */
function ownUrl(request: Request): string {
  const { host = '' } = request.headers;
  const scheme = request.protocol;
  if (/^[A-Za-z0-9._-]+(:\d{1,5})?$|^\[[0-9A-Fa-f:.]+\](:\d{1,5})?$/.test(host)) return `${scheme}://${host}`;
  const { localAddress = '127.0.0.1', localPort } = request.socket;
  const address = localAddress.replace(/^::ffff:/, '');
  return `${scheme}://${address.includes(':') ? `[${address}]` : address}:${localPort}`;
}
