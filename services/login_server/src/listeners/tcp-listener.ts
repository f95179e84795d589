import type { Socket } from 'node:net';
import {
  AddressLimit,
  type AddressLimits,
  ClientPort,
  OpenConnections,
  type ProxyProtocol,
} from '@teamtalk/net';
import { Commands, FramingError, type Pdu, PduDecoder } from '@teamtalk/protocol';
import type { Kit } from '@teamtalk/service-kit';

export interface TcpListenerOptions {
  host: string;
  port: number;
  maxConnections: number;
  addressLimits: AddressLimits;
  /** undefined: connections do not begin with a PROXY header */
  proxyProtocol: ProxyProtocol | undefined;
  maxPduBytes: number;
  /** number of unexpected PDUs after which a connection is closed */
  maxBadPdus: number;
  /** maximum lifetime of a connection, ms */
  requestTimeoutMs: number;
}

/** Time that responses have to be written when the server stops, milliseconds. */
const drainMs = 1_000;

type Reason = 'answered' | 'framing' | 'bad_pdus' | 'timeout' | 'peer' | 'failed';

/**
 * Serves command 0x0101: one request, one response, then the connection is closed
 * (client-behaviour.md#the-answer-of-login_server). Clients that send something else or nothing are disconnected.
 * @returns the bound port; its stop is registered in the kit's lifecycle
 */
export async function startTcpListener(
  { clientLog, life, log, metrics }: Kit,
  options: TcpListenerOptions,
  answer: (request: Pdu) => Buffer,
): Promise<number> {
  const closed = metrics.counter('tcp_closed_total', 'TCP connections ended, by reason', ['reason']);
  const badPdus = metrics.counter('tcp_bad_pdus_total', 'PDUs other than 0x0101');
  const open = new OpenConnections<Socket>();
  metrics.gauge('tcp_connections', 'Open TCP connections', () => open.size);

  const serve = (socket: Socket, address = socket.remoteAddress) => {
    const decoder = new PduDecoder(options.maxPduBytes);
    let bad = 0;
    let reason: Reason | undefined;
    const end = (why: Reason) => {
      reason ??= why;
      socket.destroy();
    };
    const deadline = setTimeout(() => end('timeout'), options.requestTimeoutMs);
    open.add(socket);
    socket.on('close', () => {
      clearTimeout(deadline);
      open.delete(socket);
      closed.inc({ reason: reason ?? 'peer' });
    });
    socket.on('error', (error) => log.debug({ err: error }, 'client connection failed'));

    const read = (chunk: Buffer) => {
      decoder.push(chunk);
      for (let pdu = decoder.next(); pdu; pdu = decoder.next()) {
        if (pdu.commandId === Commands.LoginReqMsgserver.id) {
          reason = 'answered';
          // The client closes when it has the response; otherwise the deadline does.
          socket.end(answer(pdu));
          return;
        }
        badPdus.inc();
        bad++;
        if (bad >= options.maxBadPdus) {
          end('bad_pdus');
          return;
        }
      }
    };
    socket.on('data', (chunk) => {
      if (reason) return;
      try {
        read(chunk);
      } catch (error) {
        const framing = error instanceof FramingError;
        const peer = address ?? '';
        if (framing) clientLog.info(peer, { err: error, peer }, 'framing invalid; closing connection');
        else log.error({ err: error, peer }, 'reading PDUs failed; closing connection');
        end(framing ? 'framing' : 'failed');
      }
    });
  };

  const { host, port, maxConnections, addressLimits, proxyProtocol } = options;
  const clients = new ClientPort({
    where: { host, port },
    maxSockets: maxConnections,
    addresses: new AddressLimit({
      ...addressLimits,
      total: maxConnections,
      refused: { inc: () => closed.inc({ reason: 'too_many_from_address' }) },
      clientLog,
    }),
    layers: {
      certificate: undefined,
      proxyProtocol,
      openingMs: options.requestTimeoutMs,
      metrics: {
        proxyRefused: { inc: () => closed.inc({ reason: 'no_proxy_header' }) },
        // This port has no TLS.
        handshakesFailed: { inc() {} },
      },
    },
    metrics: { refusedSockets: { inc: () => closed.inc({ reason: 'too_many_connections' }) } },
    log,
    clientLog,
    take: serve,
  });
  life.onStop('TCP', () => {
    clients.close();
    return open.drain({
      spreadMs: 0,
      graceMs: drainMs,
      // At once, or as soon as the response is written.
      end: (socket) => socket.destroySoon(),
      destroy: (socket) => socket.destroy(),
    });
  });
  return clients.listen();
}
