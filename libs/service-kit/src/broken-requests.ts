import { type Server, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';

const statuses: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};

export interface BrokenRequestOptions {
  /** Called with the status of the response, or `reset` if the client disconnected. */
  onRefused: (reason: string) => void;
  /** The body of the response; default: none. */
  bodyOf?: (status: number) => string;
  /** Its content type; default: JSON. */
  contentType?: string;
}

/**
 * Answers invalid or late HTTP requests with 400, 408, 413 or 431, and closes their connections. If part of another
 * response has been sent, only closes the connection.
 */
export function answerBrokenRequests(
  server: Server,
  { onRefused, bodyOf, contentType = 'application/json; charset=utf-8' }: BrokenRequestOptions,
): void {
  const latest = new WeakMap<Socket, ServerResponse>();
  server.on('request', ({ socket }, response) => void latest.set(socket, response));
  server.on('clientError', (error: NodeJS.ErrnoException, duplex) => {
    const socket = duplex as Socket;
    if (error.code === 'ECONNRESET' || !socket.writable) {
      onRefused('reset');
      socket.destroy();
      return;
    }
    const status = statuses[error.code ?? ''] ?? 400;
    onRefused(String(status));
    const response = latest.get(socket);
    if (response?.headersSent && !response.writableFinished) socket.destroy();
    else {
      const body = bodyOf?.(status) ?? '';
      const type = body === '' ? '' : `Content-Type: ${contentType}\r\n`;
      socket.end(
        `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\n${type}` +
          `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
      );
      socket.destroySoon();
    }
  });
}
