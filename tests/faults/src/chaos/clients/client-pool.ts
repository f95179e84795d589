import { testPassword } from '@teamtalk/cluster';
import { Conversation } from '@teamtalk/load-generator';
import { waitUntil } from '@teamtalk/local-stack';
import type { Ledger, Sent } from '../record/ledger.js';
import { LightClient } from './light-client.js';
import type { LoadMember } from './load.js';

/** The clients of the pool, by their users' names. */
export interface PoolNames {
  /** send most of the messages, to each other and to observers, and reconnect */
  busy: readonly string[];
  /** only receive, on a msg_server without faults, and do not reconnect */
  observers: readonly string[];
  /** send to each other so seldom that a message is the last one for minutes; every other one is with the observers */
  sparse: readonly string[];
}

export interface ClientPoolOptions {
  ledger: Ledger;
  names: PoolNames;
  idOf: Readonly<Record<string, number>>;
  /** groups of busy users and observers */
  groups: readonly Conversation[];
  /** messages a second of all clients */
  rate: number;
  /** ports of all msg_servers */
  ports: () => number[];
  /** port of the msg_server without faults */
  calmPort: () => number;
}

const tickMs = 5;
/** How much of a second's messages may be due at once: what could not be sent in an outage is left out. */
const maxBurst = 0.25;
const groupShare = 0.25;
const sparseShare = 0.03;
/** Old clients repeat a message after 5 s; some here sooner, so that there are more repeats. */
const repeatsMs = [1_500, 3_000, 5_000];
const repeatTicks = 20;
const gatherMs = 60_000;

/** Many cheap clients that send at a given rate. */
export class ClientPool implements LoadMember {
  readonly name = 'the client pool';
  readonly #options: ClientPoolOptions;
  readonly #busy: LightClient[];
  readonly #observers: LightClient[];
  readonly #sparse: LightClient[];
  readonly #ways: { from: LightClient; to: Conversation }[] = [];
  readonly #groupWays: { from: LightClient; to: Conversation }[] = [];
  readonly #pairs: { from: LightClient; to: Conversation }[] = [];
  readonly #all: readonly LightClient[];
  #turn = { pair: 0, group: 0, sparse: 0 };
  #timer: NodeJS.Timeout | undefined;
  #sending = false;
  #lastTick = 0;
  #due = 0;
  #ticks = 0;
  /** busy users without an ack for something sent after the mark */
  #unrecovered = new Set<number>();
  #markedAt = Number.POSITIVE_INFINITY;
  acks = 0;
  recoveredAt: number | undefined;

  constructor(options: ClientPoolOptions) {
    this.#options = options;
    const { names, calmPort, ports, ledger, idOf } = options;
    const client = (name: string, i: number, at: () => number[], reconnects: boolean) =>
      new LightClient({
        ledger,
        name,
        userId: idOf[name]!,
        password: testPassword,
        ports: at,
        reconnects,
        atOnce: 64,
        repeatMs: repeatsMs[i % repeatsMs.length]!,
        onAck: (sent) => this.#acked(sent),
      });
    this.#busy = names.busy.map((name, i) => client(name, i, ports, true));
    this.#observers = names.observers.map((name, i) => client(name, i, () => [calmPort()], false));
    this.#sparse = names.sparse.map((name, i) =>
      client(name, i, i % 2 === 0 ? ports : () => [calmPort()], true),
    );
    this.#all = [...this.#busy, ...this.#observers, ...this.#sparse];
    this.#connectWays();
  }

  /** Resolves when all are logged in, with observers that lost their connection in an earlier round. */
  async gather(): Promise<void> {
    this.#timer ??= setInterval(() => this.#tick(), tickMs);
    for (const client of this.#all) client.open();
    await waitUntil(() => this.#all.every(({ isOnline }) => isOnline), {
      timeoutMs: gatherMs,
      what: 'the client pool is logged in',
    });
  }

  get breaks(): number {
    return this.#all.reduce((sum, { breaks }) => sum + breaks, 0);
  }

  /** Observers that are connected. */
  get observers(): number {
    return this.#observers.filter(({ isOnline }) => isOnline).length;
  }

  start(): void {
    this.#sending = true;
  }

  /** Resolves when every message has its ack or is given up. */
  async pause(): Promise<void> {
    this.#sending = false;
    await waitUntil(() => this.#all.every(({ inFlight }) => inFlight === 0), {
      timeoutMs: gatherMs,
      what: 'every message of the client pool is acked or given up',
    });
  }

  mark(): void {
    this.#markedAt = performance.now();
    this.#unrecovered = new Set(this.#busy.map(({ userId }) => userId));
    this.recoveredAt = undefined;
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    for (const client of this.#all) client.close();
  }

  #connectWays(): void {
    const { ledger, groups } = this.#options;
    const way = (from: LightClient, to: LightClient) => ({
      from,
      to: ledger.add(Conversation.pair(from.userId, to.userId)),
    });
    this.#busy.forEach((from, i) => {
      const observer = this.#observers[i % this.#observers.length]!;
      this.#ways.push(way(from, this.#busy[i ^ 1] ?? observer), way(from, observer));
      for (const to of groups) if (to.members.includes(from.userId)) this.#groupWays.push({ from, to });
    });
    // A pair comes up again only after all others.
    const { length } = this.#sparse;
    for (let distance = 1; distance <= length / 2; distance++) {
      for (let i = 0; i < length; i++) {
        if (distance * 2 === length && i >= length / 2) continue;
        this.#pairs.push(way(this.#sparse[i]!, this.#sparse[(i + distance) % length]!));
      }
    }
  }

  #tick(): void {
    const now = performance.now();
    const seconds = Math.min(1, (now - this.#lastTick) / 1000);
    this.#lastTick = now;
    if (this.#ticks++ % repeatTicks === 0) for (const client of this.#all) client.tick(now);
    if (!this.#sending) return;
    const { rate } = this.#options;
    this.#due = Math.min(this.#due + rate * seconds, rate * maxBurst);
    for (; this.#due >= 1; this.#due--) this.#sendOne();
  }

  #sendOne(): void {
    const turn = this.#turn;
    const share = Math.random();
    if (share < sparseShare && this.#pairs.length > 0) {
      const { from, to } = this.#pairs[turn.sparse++ % this.#pairs.length]!;
      if (from.canSend) from.send(to);
    } else if (share < sparseShare + groupShare && this.#groupWays.length > 0) {
      turn.group = sendNext(this.#groupWays, turn.group);
    } else {
      turn.pair = sendNext(this.#ways, turn.pair);
    }
  }

  #acked({ sentAt, from }: Sent): void {
    this.acks++;
    if (sentAt < this.#markedAt || this.recoveredAt !== undefined) return;
    this.#unrecovered.delete(from);
    if (this.#unrecovered.size === 0) this.recoveredAt = performance.now();
  }
}

/** Lets the next client that can send do so. @returns the turn after it */
function sendNext(ways: readonly { from: LightClient; to: Conversation }[], turn: number): number {
  for (let i = 0; i < ways.length; i++) {
    const { from, to } = ways[(turn + i) % ways.length]!;
    if (!from.canSend) continue;
    from.send(to);
    return turn + i + 1;
  }
  return turn;
}
