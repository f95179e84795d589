import { connect, type Socket } from 'node:net';

export interface HttpLoad {
  host: string;
  port: number;
  connections: number;
  /** 0: one request on each connection */
  seconds: number;
}

export interface HttpLoadResult {
  /** of content, a second */
  bytesPerSecond: number;
  requests: number;
  /** ms */
  elapsedMs: number;
}

const readBytes = 256 * 1024;
/** As long as browsers': a parser skips further with a longer one. */
const boundary = '----WebKitFormBoundary7MA4YWxkTrZu0gW';

/**
 * Requests a path repeatedly, each time when the last answer is complete. All answers are as long as the first one,
 * so it only counts bytes and stays faster than any server.
 */
export function download(load: HttpLoad, path: string): Promise<HttpLoadResult> {
  const request = `GET ${path} HTTP/1.1\r\nHost: ${load.host}\r\n\r\n`;
  let answerBytes = 0;
  let contentBytes = 0;
  return run(
    load,
    () => contentBytes,
    (socket) => ({
      ask: () => socket.write(request),
      take: (state, chunk) => {
        if (answerBytes === 0) {
          const head = /^HTTP\/1\.1 200 [\s\S]*?\r\ncontent-length: (\d+)\r\n[\s\S]*?\r\n\r\n/i.exec(
            chunk.toString('latin1', 0, 4096),
          );
          if (!head) throw new Error(`no image: ${chunk.toString('latin1', 0, 200)}`);
          contentBytes = Number(head[1]);
          answerBytes = head[0].length + contentBytes;
        }
        state.received += chunk.length;
        if (state.received < answerBytes) return false;
        state.received -= answerBytes;
        return true;
      },
    }),
  );
}

/** Uploads a file in a form repeatedly, each time when the last one was answered with status 200. */
export function upload(load: HttpLoad, content: Buffer): Promise<HttpLoadResult> {
  const head = `--${boundary}\r\nContent-Disposition: form-data; name="filename"; filename="x.jpg"\r\n\r\n`;
  const tail = `\r\n--${boundary}--\r\n`;
  const form = Buffer.concat([Buffer.from(head), content, Buffer.from(tail)]);
  const request = Buffer.concat([
    Buffer.from(
      `POST / HTTP/1.1\r\nHost: ${load.host}\r\nContent-Type: multipart/form-data; boundary=${boundary}\r\n` +
        `Content-Length: ${form.length}\r\n\r\n`,
    ),
    form,
  ]);
  return run(
    load,
    () => content.length,
    (socket) => {
      let text = '';
      return {
        ask: () => socket.write(request),
        take: (_state, chunk) => {
          text += chunk.toString('latin1');
          const answer = /^HTTP\/1\.1 (\d+) [\s\S]*?\r\ncontent-length: (\d+)\r\n[\s\S]*?\r\n\r\n/i.exec(
            text,
          );
          if (!answer || text.length < answer[0].length + Number(answer[2])) return false;
          if (answer[1] !== '200') throw new Error(`the upload was refused: ${text}`);
          text = '';
          return true;
        },
      };
    },
  );
}

/** Requests and answers on one connection. */
interface Exchange {
  ask: () => void;
  /** @returns whether the answer is whole */
  take: (state: { received: number }, chunk: Buffer) => boolean;
}

async function run(
  { host, port, connections, seconds }: HttpLoad,
  contentBytes: () => number,
  exchangeOver: (socket: Socket) => Exchange,
): Promise<HttpLoadResult> {
  let requests = 0;
  const begin = performance.now();
  const one = () =>
    new Promise<void>((resolve, reject) => {
      const state = { received: 0 };
      const socket: Socket = connect({
        host,
        port,
        onread: {
          buffer: Buffer.allocUnsafe(readBytes),
          callback: (bytes, buffer) => {
            try {
              if (!exchange.take(state, Buffer.from(buffer.buffer, buffer.byteOffset, bytes))) return true;
            } catch (error) {
              socket.destroy(error as Error);
              return false;
            }
            requests++;
            if (performance.now() - begin < seconds * 1000) {
              exchange.ask();
            } else {
              socket.destroy();
              resolve();
            }
            return true;
          },
        },
      });
      const exchange = exchangeOver(socket);
      socket.setNoDelay(true);
      socket.once('connect', () => exchange.ask());
      socket.once('error', reject);
      socket.once('close', () => reject(new Error('the server closed the connection')));
    });
  await Promise.all(Array.from({ length: connections }, one));
  const elapsedMs = performance.now() - begin;
  return { bytesPerSecond: (requests * contentBytes() * 1000) / elapsedMs, requests, elapsedMs };
}
