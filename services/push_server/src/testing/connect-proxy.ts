import http from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import type { Duplex } from 'node:stream';

const connected = 'HTTP/1.1 200 Connected\r\n\r\n';

/** An HTTP proxy that tunnels (CONNECT). */
export class ConnectProxy {
  /** targets of all requests so far */
  readonly targets: string[] = [];
  /** what it does with the next requests instead of connecting */
  readonly misbehaviours: (number | 'silence' | 'dead-tunnel')[] = [];
  readonly #server = http.createServer((_request, response) => response.writeHead(405).end());
  readonly #sockets = new Set<Duplex>();
  readonly #authorization: string | undefined;

  /** @param credentials required user:password; undefined: none */
  static async start(credentials?: string): Promise<ConnectProxy> {
    const proxy = new ConnectProxy(credentials);
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  private constructor(credentials: string | undefined) {
    this.#authorization = credentials && `Basic ${Buffer.from(credentials).toString('base64')}`;
    this.#server.on('connect', (request: http.IncomingMessage, client: Duplex) =>
      this.#serve(request, client),
    );
    this.#server.on('connection', (socket) => this.#keep(socket));
  }

  /** its URL, without credentials */
  get url(): URL {
    return new URL(`http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`);
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #serve({ url = '', headers }: http.IncomingMessage, client: Duplex): void {
    this.targets.push(url);
    const misbehaviour = this.misbehaviours.shift();
    if (misbehaviour === 'silence') return;
    if (misbehaviour === 'dead-tunnel') return void client.write(connected);
    const refused = headers['proxy-authorization'] === this.#authorization ? misbehaviour : 407;
    if (refused !== undefined) return void client.end(`HTTP/1.1 ${refused} No\r\nContent-Length: 0\r\n\r\n`);
    const { hostname, port } = new URL(`http://${url}`);
    const server = connect(Number(port), hostname, () => {
      client.write(connected);
      server.pipe(client).pipe(server);
    });
    this.#keep(server);
    server.on('error', () => client.destroy());
    server.on('close', () => client.destroy());
    client.on('close', () => server.destroy());
  }

  #keep(socket: Duplex): void {
    this.#sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => this.#sockets.delete(socket));
  }
}
