import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { certificateFiles } from './certificates.js';

/** An HTTPS server on localhost with a self-signed certificate; base of the fakes of external services. */
export abstract class FakeHttps {
  readonly #server: https.Server;
  readonly #sockets = new Set<Duplex>();

  protected constructor() {
    const { certFile, keyFile } = certificateFiles('first');
    this.#server = https.createServer(
      { cert: readFileSync(certFile), key: readFileSync(keyFile) },
      (request, response) => {
        this.#take(request, response).catch(() => response.destroy());
      },
    );
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
  }

  get origin(): string {
    return `https://localhost:${(this.#server.address() as AddressInfo).port}`;
  }

  /** the self-signed certificate, which is also its CA */
  get ca(): string {
    return readFileSync(certificateFiles('first').certFile, 'utf8');
  }

  /** Listens on a free port. @returns this */
  protected async listen(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return this;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** Responds to a request. If it throws, the connection is closed. */
  protected abstract serve(request: IncomingMessage, body: Buffer, response: ServerResponse): void;

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    this.serve(request, Buffer.concat(chunks), response);
  }
}

/** Answers with JSON. */
export function answerJson(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=UTF-8' });
  response.end(JSON.stringify(body));
}
