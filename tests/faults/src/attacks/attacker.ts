import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { connect, type Socket } from 'node:net';

/** Where attacks come from; witnesses come from 127.0.0.1. */
export const attackerAddress = '127.0.0.2';

/** Connections of one attacker. Errors are what it expects. */
export class Attacker {
  readonly #sockets: Socket[] = [];
  readonly #address: string;

  constructor(address = attackerAddress) {
    this.#address = address;
  }

  /** Connections that the server has not closed. */
  get open(): number {
    return this.#sockets.filter((socket) => !socket.destroyed).length;
  }

  /** Opens connections, a hundred at a time, and sends `bytes` on each. */
  async flood(port: number, count: number, bytes: (i: number) => Buffer | string): Promise<void> {
    for (let i = 0; i < count; i += 100) {
      const some = Array.from({ length: Math.min(100, count - i) }, (_, k) =>
        this.openOne(port, bytes(i + k)),
      );
      await Promise.all(some);
    }
  }

  /** Opens one connection and sends bytes. @returns once they are on their way, or the connection has failed */
  async openOne(port: number, bytes: Buffer | string): Promise<Socket> {
    const socket = connect({ port, host: '127.0.0.1', localAddress: this.#address });
    this.#sockets.push(socket);
    socket.on('error', () => {});
    socket.resume();
    await new Promise<void>((resolve) => {
      socket.once('close', () => resolve());
      socket.write(bytes, () => resolve());
      setTimeout(resolve, 1_000).unref();
    });
    return socket;
  }

  close(): void {
    for (const socket of this.#sockets.splice(0)) socket.destroy();
  }
}

/** Posts, by default from the attacker's address. @returns the body and the status; 0 when no response came */
export async function post(
  url: string,
  body: Buffer | string,
  headers: Readonly<Record<string, string>>,
  localAddress = attackerAddress,
): Promise<{ status: number; text: string }> {
  return new Promise((resolve) => {
    const failed = () => resolve({ status: 0, text: '' });
    const all = { ...headers, 'content-length': Buffer.byteLength(body), connection: 'close' };
    const options = { method: 'POST', localAddress, headers: all, timeout: 10_000 };
    const sent = request(url, options, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', failed);
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() }),
      );
    });
    // A server that refuses the request may close the connection while the body is still being sent.
    sent.on('error', failed);
    sent.on('timeout', () => sent.destroy());
    sent.end(body);
  });
}

/** The memory of a process, MiB. */
export function residentMib(pid: number): number {
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Math.round(Number(kib) / 1024);
}

/** CPU seconds that a process has taken. */
export function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** The most of a figure while work goes on. */
export async function peakOf(figure: () => number, work: () => Promise<void>): Promise<number> {
  let peak = figure();
  const timer = setInterval(() => {
    peak = Math.max(peak, figure());
  }, 50);
  try {
    await work();
  } finally {
    clearInterval(timer);
  }
  return Math.max(peak, figure());
}
