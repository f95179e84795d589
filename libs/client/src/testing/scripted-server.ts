import { createServer, type Server, type Socket } from 'node:net';
import {
  type AnyCommand,
  type Command,
  Commands,
  decodeBody,
  encodePdu,
  type MessageOf,
  type Pdu,
  PduDecoder,
} from '@teamtalk/protocol';

const DEADLINE_MS = 15_000;

interface Wait {
  commandId: number;
  resolve(pdu: Pdu): void;
}

/** The server's end of one connection. PDUs without a `respond` are queued for `next`. */
export class Peer {
  readonly socket: Socket;
  readonly #responders: Map<number, Responder>;
  readonly #decoder = new PduDecoder(1024 * 1024);
  readonly #received: Pdu[] = [];
  readonly #waits: Wait[] = [];

  constructor(socket: Socket, responders: Map<number, Responder>) {
    this.socket = socket;
    this.#responders = responders;
    socket.on('data', (chunk) => {
      this.#decoder.push(chunk);
      for (let pdu = this.#decoder.next(); pdu; pdu = this.#decoder.next()) this.#take(pdu);
    });
    // A client may reset the connection; tests check what it did before.
    socket.on('error', () => {});
  }

  send<P extends object>(command: Command<object, P>, message: NoInfer<P>, seqNum = 0): void {
    this.socket.write(encodePdu(command, message, seqNum));
  }

  /** The next PDU of a command; earlier PDUs of other commands stay queued. */
  async next<C extends AnyCommand>(command: C): Promise<{ seqNum: number; message: MessageOf<C> }> {
    const at = this.#received.findIndex((each) => each.commandId === command.id);
    const pdu =
      at >= 0
        ? this.#received.splice(at, 1)[0]!
        : await inTime<Pdu>(command.name, (resolve) => {
            this.#waits.push({ commandId: command.id, resolve });
          });
    return { seqNum: pdu.seqNum, message: decodeBody(command, pdu.body) as MessageOf<C> };
  }

  /** Number of queued PDUs of a command. */
  count(command: AnyCommand): number {
    return this.#received.filter((each) => each.commandId === command.id).length;
  }

  /** Breaks the connection at once. */
  reset(): void {
    this.socket.resetAndDestroy();
  }

  #take(pdu: Pdu): void {
    const responder = this.#responders.get(pdu.commandId);
    if (responder) {
      responder(this, pdu);
      return;
    }
    const at = this.#waits.findIndex((wait) => wait.commandId === pdu.commandId);
    if (at >= 0) this.#waits.splice(at, 1)[0]!.resolve(pdu);
    else this.#received.push(pdu);
  }
}

type Answer = (peer: Peer, message: never, seqNum: number) => void;

type Responder = (peer: Peer, pdu: Pdu) => void;

/** A TCP server on a free port whose answers a test scripts. */
export class ScriptedServer {
  readonly peers: Peer[] = [];
  readonly #server: Server;
  readonly #responders = new Map<number, Responder>();
  readonly #answers = new Map<number, Answer>();
  readonly #accepted: Peer[] = [];
  readonly #waits: Array<(peer: Peer) => void> = [];

  private constructor(server: Server) {
    this.#server = server;
    server.on('connection', (socket) => {
      const peer = new Peer(socket, this.#responders);
      this.peers.push(peer);
      const waiting = this.#waits.shift();
      if (waiting) waiting(peer);
      else this.#accepted.push(peer);
    });
  }

  static async start(): Promise<ScriptedServer> {
    const server = createServer({ noDelay: true });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new ScriptedServer(server);
  }

  get address(): { host: string; port: number } {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('not listening');
    return { host: '127.0.0.1', port: address.port };
  }

  /** Sets the responder for every PDU of a command, on every connection. */
  respond<C extends AnyCommand>(
    command: C,
    answer: (peer: Peer, message: MessageOf<C>, seqNum: number) => void,
  ): void {
    this.#answers.set(command.id, answer as Answer);
    this.#responders.set(command.id, (peer, pdu) => {
      answer(peer, decodeBody(command, pdu.body) as MessageOf<C>, pdu.seqNum);
    });
  }

  /** The current responder of a command, for a script that wraps it. */
  responder<C extends AnyCommand>(command: C): (peer: Peer, message: MessageOf<C>, seqNum: number) => void {
    const responder = this.#answers.get(command.id);
    if (!responder) throw new Error(`nothing answers ${command.name}`);
    return responder as (peer: Peer, message: MessageOf<C>, seqNum: number) => void;
  }

  /** Removes the responder; the command goes to `Peer.next` again. */
  ignore(command: AnyCommand): void {
    this.#responders.delete(command.id);
  }

  /** The next connection not returned yet. */
  async nextPeer(): Promise<Peer> {
    return this.#accepted.shift() ?? inTime('a connection', (resolve) => this.#waits.push(resolve));
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const peer of this.peers) peer.socket.destroy();
    await closed;
  }
}

/** Resolves when the client has handled what the peer wrote so far. */
export async function roundTrip(client: { serverTime(): Promise<number> }, peer: Peer): Promise<void> {
  const time = client.serverTime();
  const { seqNum } = await peer.next(Commands.MsgTimeRequest);
  peer.send(Commands.MsgTimeResponse, { serverTime: 1 }, seqNum);
  await time;
}

async function inTime<T>(what: string, start: (resolve: (value: T) => void) => void): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  try {
    return await new Promise<T>((resolve, reject) => {
      timer = setTimeout(() => reject(new Error(`${what} did not come`)), DEADLINE_MS);
      start(resolve);
    });
  } finally {
    clearTimeout(timer);
  }
}
