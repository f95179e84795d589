import { once } from 'node:events';
import { type ClientRequest, createServer, type IncomingMessage, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';

/** Forwards HTTP and WebSockets to a port with the client's address in a header, as Ingress controllers do. */
export class Ingress {
  readonly #server: Server;

  /** @param client the client address to report */
  static async start(port: number, client: string): Promise<Ingress> {
    const ingress = new Ingress(port, client);
    ingress.#server.listen(0, '127.0.0.1');
    await once(ingress.#server, 'listening');
    return ingress;
  }

  private constructor(port: number, client: string) {
    const forward = ({ method, url, headers }: IncomingMessage): ClientRequest =>
      request({
        host: '127.0.0.1',
        port,
        method,
        path: url,
        headers: { ...headers, 'x-forwarded-for': client },
      });
    this.#server = createServer((incoming, response) => {
      const outgoing = incoming.pipe(forward(incoming));
      outgoing.on('response', (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      });
      outgoing.on('error', () => response.destroy());
    });
    this.#server.on('upgrade', (incoming: IncomingMessage, socket: Duplex, head: Buffer) => {
      const outgoing = forward(incoming);
      outgoing.on('upgrade', (answer, target: Duplex, rest: Buffer) => {
        const lines = ['HTTP/1.1 101 Switching Protocols'];
        for (const [name, value] of Object.entries(answer.headers)) lines.push(`${name}: ${value}`);
        socket.write(`${lines.join('\r\n')}\r\n\r\n`);
        socket.write(rest);
        target.write(head);
        socket.pipe(target).pipe(socket);
        target.on('error', () => socket.destroy());
        target.on('close', () => socket.destroy());
        socket.on('close', () => target.destroy());
      });
      outgoing.on('response', () => socket.destroy());
      outgoing.on('error', () => socket.destroy());
      socket.on('error', () => {});
      outgoing.end();
    });
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}
