import { connect } from 'node:net';
import { Client, credentials, Metadata } from '@grpc/grpc-js';
import { connect as connectNats, createInbox, type NatsConnection } from '@nats-io/transport-node';
import { inboxOf } from '@teamtalk/bus';
import type { TestCluster } from '@teamtalk/cluster';
import type { BusInput, CallInput, Input, StreamInput } from './making/input.js';

/** How an input ended. */
export type Ending = 'handled' | 'closed' | 'silent' | 'refused';

/** Silence after which a connection is ended that its server neither answers nor closes, milliseconds. */
const patience = { http: 2_000, other: 250 } as const;
/** After that it must be gone, milliseconds. */
const lingerMs = 10_000;
/** Time for all PDUs before the last one to be handled, milliseconds. */
const markerMs = 60_000;
const callMs = 10_000;
/** Many events get no answer, since they do not parse, milliseconds. */
const requestMs = 200;

/** Sends inputs to an installation. */
export class Senders {
  /** Answers of ops ports, which count none. */
  answered = 0;
  readonly #cluster: TestCluster;
  readonly #nats: NatsConnection;
  #client: Client | undefined;

  static async open(cluster: TestCluster): Promise<Senders> {
    const nats = await connectNats({ servers: cluster.nats.url, maxReconnectAttempts: -1 });
    return new Senders(cluster, nats);
  }

  private constructor(cluster: TestCluster, nats: NatsConnection) {
    this.#cluster = cluster;
    this.#nats = nats;
  }

  send(input: Input): Promise<Ending> {
    switch (input.kind) {
      case 'stream':
        return this.#stream(input);
      case 'bus':
        return this.#event(input);
      case 'call':
        return this.#call(input);
    }
  }

  async close(): Promise<void> {
    this.#client?.close();
    await this.#nats.close();
  }

  #stream({ service, port, login, chunks, marker, ending }: StreamInput): Promise<Ending> {
    const isHttp = port === 'http' || port === 'ops';
    return new Promise((resolve) => {
      const loginAnswer = login && new Finder(login.answer);
      const lastAnswer = marker && new Finder(marker);
      let outcome: Ending = 'closed';
      let isOver = false;
      const socket = connect({
        port: this.#cluster.port(service, 0, port),
        host: '127.0.0.1',
        noDelay: true,
      });
      const deadline = setTimeout(
        () => finish('silent'),
        marker ? markerMs : isHttp ? patience.http : patience.other,
      );
      const finish = (why: Ending) => {
        if (isOver) return;
        isOver = true;
        clearTimeout(deadline);
        outcome = why;
        if (ending === 'destroy') socket.destroy();
        else {
          socket.end();
          linger = setTimeout(() => {
            outcome = 'silent';
            socket.destroy();
          }, lingerMs);
        }
      };
      let linger: NodeJS.Timeout | undefined;
      socket.on('data', (chunk: Buffer) => {
        if (port === 'ops') this.answered += chunk.toString('latin1').split('HTTP/1.1 ').length - 1;
        if (loginAnswer && !loginAnswer.isFound) {
          if (loginAnswer.look(chunk)) write(chunks, 0);
        } else if (lastAnswer?.look(chunk)) finish('handled');
        if (!lastAnswer && !isOver) deadline.refresh();
      });
      socket.on('error', (error: NodeJS.ErrnoException) => {
        if (error.code === 'ECONNREFUSED') outcome = 'refused';
      });
      socket.on('close', () => {
        isOver = true;
        clearTimeout(deadline);
        clearTimeout(linger);
        resolve(outcome);
      });
      const write = (what: readonly Buffer[], from: number): void => {
        let i = from;
        while (i < what.length && !socket.destroyed) {
          const isTaken = socket.write(what[i++]!);
          if (!isTaken && i < what.length) {
            socket.once('drain', () => write(what, i));
            return;
          }
        }
      };
      socket.once('connect', () => write(login?.chunks ?? chunks, 0));
    });
  }

  async #event({ subject, isRequest, bytes }: BusInput): Promise<Ending> {
    const { prefix } = this.#cluster.nats;
    const name = `${prefix}.${subject}`;
    if (!isRequest) {
      this.#nats.publish(name, bytes);
      await this.#nats.flush();
      return 'silent';
    }
    try {
      // Whoever answers may publish nowhere but to inboxes of this kind of request.
      const reply = `${inboxOf(prefix, 'operator', subject)}.${createInbox('fuzz')}`;
      await this.#nats.request(name, bytes, { timeout: requestMs, noMux: true, reply });
      return 'handled';
    } catch {
      return 'silent';
    }
  }

  #call({ path, isStream, messages }: CallInput): Promise<Ending> {
    this.#client ??= new Client(
      `127.0.0.1:${this.#cluster.port('db_proxy_server', 0, 'grpc')}`,
      credentials.createInsecure(),
    );
    const client = this.#client;
    const bytes = (value: Buffer) => value;
    const options = { deadline: Date.now() + callMs };
    return new Promise((resolve) => {
      const done = (error: unknown) => resolve(error ? 'refused' : 'handled');
      if (!isStream) {
        client.makeUnaryRequest(path, bytes, bytes, messages[0]!, new Metadata(), options, done);
        return;
      }
      const call = client.makeBidiStreamRequest(path, bytes, bytes, options);
      call.on('data', () => {});
      call.on('error', () => resolve('refused'));
      call.on('end', () => resolve('handled'));
      for (const message of messages) call.write(message);
      call.end();
    });
  }
}

/** Finds bytes in a stream, also where they come in two pieces. */
class Finder {
  isFound = false;
  readonly #wanted: Buffer;
  #tail = Buffer.alloc(0);

  constructor(wanted: Buffer) {
    this.#wanted = wanted;
  }

  /** @returns whether they have come */
  look(chunk: Buffer): boolean {
    const seen = Buffer.concat([this.#tail, chunk]);
    this.isFound ||= seen.includes(this.#wanted);
    this.#tail = Buffer.from(seen.subarray(Math.max(0, seen.length - this.#wanted.length + 1)));
    return this.isFound;
  }
}
