import { waitUntil } from '@teamtalk/local-stack';
import { encodeRawPdu } from '@teamtalk/protocol';
import { clock, type LoadConnection } from '../connection.js';
import { Latency } from '../latency.js';
import { Measurement } from '../measurement.js';
import type { LoadOptions } from '../options.js';
import { Pacer } from '../pacer.js';
import { Pool } from '../pool.js';
import type { LoadResult } from '../result.js';
import { Id } from '../wire.js';

export interface EchoOptions extends LoadOptions {
  /** heartbeats a second of all connections; 0: each sends the next one when the last came back */
  rate: number;
  /** false: the server has no logins */
  logIn: boolean;
}

const heartbeat = encodeRawPdu(Id.Heartbeat, new Uint8Array(0), 0);

/** Heartbeats, which the server echoes. */
export async function runEcho(options: EchoOptions): Promise<LoadResult> {
  const pool = new Pool(options);
  try {
    if (options.logIn) await pool.logInAll();
    else await pool.connectAll();
    const { rate, warmup, drain, say } = options;
    const echo = new Echo(pool, options);
    const sending = rate > 0 ? echo.pacer.run() : echo.sendBackToBack();
    echo.measurement.begin(rate > 0 ? echo.pacer.start : performance.now(), warmup);
    await sending;
    await waitUntil(() => echo.complete, {
      timeoutMs: drain * 1000,
      what: 'every heartbeat answered',
    }).catch(() => say('some heartbeats were not answered in time'));
    return {
      mode: 'echo',
      wantedRate: rate,
      ...echo.measurement.end(),
      rates: { echoed: echo.echoedInTime / options.seconds },
      connections: pool.counts,
      figures: { sent: echo.sent, echoed: echo.echoed },
    };
  } finally {
    pool.closeAll();
  }
}

class Echo {
  readonly pacer: Pacer;
  readonly measurement: Measurement;
  sent = 0;
  echoed = 0;
  echoedInTime = 0;
  readonly #latency = new Latency();
  readonly #connections: LoadConnection[];
  /** by the connection's index: when the heartbeats in flight were due; they come back in order */
  readonly #due: number[][];
  readonly #options: EchoOptions;
  #ending = false;

  constructor(pool: Pool, options: EchoOptions) {
    const { rate, seconds, warmup, watch } = options;
    this.#options = options;
    this.#connections = pool.connections.filter(({ isOpen }) => isOpen);
    this.#due = pool.connections.map(() => []);
    this.measurement = new Measurement(watch, seconds, { echo: this.#latency });
    const senders = this.#connections;
    this.pacer = new Pacer({
      rate,
      total: Math.ceil(rate * (warmup + seconds)),
      send: (k, dueAt) => this.#send(senders[k % senders.length]!, dueAt),
    });
    pool.frames = {
      frame: (connection, commandId) => {
        if (commandId === Id.Heartbeat) this.#answered(connection);
      },
      readDone: () => this.pacer.pump(clock.now),
    };
  }

  get complete(): boolean {
    return this.echoed >= this.sent && performance.now() >= this.measurement.to;
  }

  async sendBackToBack(): Promise<void> {
    const { warmup, seconds } = this.#options;
    const start = performance.now();
    for (const connection of this.#connections) this.#send(connection, start);
    await new Promise((resolve) => setTimeout(resolve, (warmup + seconds) * 1000));
    this.#ending = true;
  }

  #send(connection: LoadConnection, dueAt: number): void {
    this.sent++;
    this.#due[connection.index]!.push(dueAt);
    connection.write(heartbeat);
  }

  #answered(connection: LoadConnection): void {
    const dueAt = this.#due[connection.index]!.shift();
    if (dueAt === undefined) return;
    this.echoed++;
    if (this.measurement.includes(clock.now)) this.echoedInTime++;
    if (this.measurement.includes(dueAt)) this.#latency.record(clock.now - dueAt);
    if (this.#options.rate === 0 && !this.#ending) this.#send(connection, clock.now);
  }
}
