import { once } from 'node:events';
import { connect } from 'node:net';
import { PduDecoder } from '@teamtalk/protocol';
import { type WebSocket, WebSocketServer } from 'ws';

/** Accepts WebSockets for a TCP server, as msg_server does: each message is one PDU. */
export class WebSocketBridge {
  readonly #server: WebSocketServer;

  static async start(target: { host: string; port: number }): Promise<WebSocketBridge> {
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
    server.on('connection', (webSocket) => carry(webSocket, target));
    await once(server, 'listening');
    return new WebSocketBridge(server);
  }

  private constructor(server: WebSocketServer) {
    this.#server = server;
  }

  get url(): string {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('not listening');
    return `ws://127.0.0.1:${address.port}/`;
  }

  /** Sends a text message, which is not a PDU, to all clients. */
  sendText(): void {
    for (const client of this.#server.clients) client.send('text');
  }

  async stop(): Promise<void> {
    for (const client of this.#server.clients) client.terminate();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

function carry(webSocket: WebSocket, target: { host: string; port: number }): void {
  const socket = connect({ ...target, noDelay: true });
  const decoder = new PduDecoder(1024 * 1024);
  webSocket.on('message', (data: Buffer) => socket.write(data));
  webSocket.on('close', () => socket.destroy());
  socket.on('data', (chunk) => {
    decoder.push(chunk);
    for (let pdu = decoder.nextFrame(); pdu; pdu = decoder.nextFrame()) webSocket.send(pdu.frame);
  });
  // The server may reset its end.
  socket.on('error', () => {});
  socket.on('close', () => webSocket.terminate());
}
