import { request } from 'node:http';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Conversation, type Endpoint, Ledger, Receipts } from '@teamtalk/load-generator';
import { waitUntil } from '@teamtalk/local-stack';
import { behaviours } from './behaviour.js';
import { type Direct, RollingClient } from './client.js';
import type { Observations } from './phases.js';

export interface ClientPoolOptions {
  /** names and ids of the clients' users; an even number */
  users: readonly { name: string; id: number }[];
  password: string;
  /** groups by id, each with the indexes of its members */
  groups: readonly { id: number; members: readonly number[] }[];
  /** messages a second of all clients */
  rate: number;
  /** messages at most */
  most: number;
  /** ports of the login_servers on this machine that are in service */
  directories: () => readonly number[];
  /** multiplies the clients' back-off */
  waitFactor: number;
  observations: Observations;
  complain: (text: string) => void;
}

const pumpMs = 4;
const tickMs = 250;
const onlineMs = 120_000;
const answerMs = 5_000;
/** One message in so many goes to the group. */
const groupShare = 20;

/** All clients, in pairs that write to each other, and in groups. */
export class ClientPool {
  readonly ledger: Ledger;
  readonly #clients: RollingClient[];
  readonly #rate: number;
  readonly #ticker: NodeJS.Timeout;
  readonly #pauses = monitorEventLoopDelay({ resolution: 10 });
  #pump: NodeJS.Timeout | undefined;

  constructor(options: ClientPoolOptions) {
    const { users, password, rate, most, observations, waitFactor, complain } = options;
    this.#rate = rate;
    const conversations = conversationsOf(options);
    this.ledger = new Ledger(conversations, most, complain);
    const kinds = Object.values(behaviours);
    const receipts = new Receipts('received');
    const direct = directBy(options.directories, observations);
    this.#clients = users.map(({ name, id }, index) => {
      const behaviour = kinds[index % kinds.length]!;
      const common = { ledger: this.ledger, password, observations, receipts, direct, waitFactor, complain };
      return new RollingClient({ ...common, index, name, userId: id, behaviour });
    });
    const clientOf = new Map(users.map(({ id }, index) => [id, this.#clients[index]!]));
    conversations.forEach(({ members }, k) => {
      for (const member of members) clientOf.get(member)!.join(k);
    });
    this.#ticker = setInterval(() => {
      const now = performance.now();
      for (const client of this.#clients) client.tick(now);
    }, tickMs);
  }

  /** The longest stall of this process since `start`, ms. */
  get ownPauseMs(): number {
    return this.#pauses.max / 1e6;
  }

  get offline(): number {
    return this.#clients.filter(({ isOnline }) => !isOnline).length;
  }

  /** Messages without an ack. */
  get open(): number {
    return this.#clients.reduce((sum, { open }) => sum + open, 0);
  }

  /** Logs all in, a hundred a second: more from one new address would have to queue. */
  async logIn(): Promise<void> {
    for (const [index, client] of this.#clients.entries()) {
      client.start();
      if (index % 10 === 9) await new Promise((resolve) => setTimeout(resolve, 100));
    }
    await this.untilOnline();
  }

  /** Waits until all clients are online. */
  async untilOnline(): Promise<void> {
    await waitUntil(() => this.offline === 0, { timeoutMs: onlineMs, what: 'all clients online' });
  }

  /** Sends at an even pace, client by client, whether or not earlier messages were acknowledged. */
  start(): void {
    this.#pauses.enable();
    const begin = performance.now();
    let next = 0;
    this.#pump = setInterval(() => {
      const due = Math.floor(((performance.now() - begin) / 1000) * this.#rate);
      for (; next < due && !this.ledger.isFull; next++) {
        const client = this.#clients[next % this.#clients.length]!;
        const round = Math.floor(next / this.#clients.length);
        client.send(round % groupShare === groupShare - 1 ? 1 : 0, begin + (next / this.#rate) * 1000);
      }
    }, pumpMs);
  }

  /** Stops sending, and waits until all clients are online and everything is acknowledged. */
  async settle(timeoutMs: number): Promise<void> {
    clearInterval(this.#pump);
    await waitUntil(() => this.open === 0 && this.offline === 0, {
      timeoutMs,
      what: 'everything acknowledged',
    });
  }

  close(): void {
    clearInterval(this.#pump);
    clearInterval(this.#ticker);
    this.#pauses.disable();
    for (const client of this.#clients) client.close();
  }
}

function conversationsOf({ users, groups }: ClientPoolOptions): Conversation[] {
  const conversations: Conversation[] = [];
  for (let first = 0; first + 1 < users.length; first += 2) {
    conversations.push(Conversation.pair(users[first]!.id, users[first + 1]!.id));
  }
  for (const { id, members } of groups) {
    const userIds = members.map((member) => users[member]!.id);
    conversations.push(Conversation.group(id, userIds));
  }
  return conversations;
}

/** Asks login_server by HTTP, each time over a new connection, as the clients do. */
function directBy(ports: () => readonly number[], { troubles }: Observations): Direct {
  let turn = 0;
  return () =>
    new Promise((resolve) => {
      const all = ports();
      const port = all[turn++ % all.length] ?? 0;
      let isSettled = false;
      const settle = (endpoint: Endpoint | undefined, trouble?: 'notDirected' | 'noServer') => {
        if (isSettled) return;
        isSettled = true;
        if (trouble) troubles[trouble]++;
        resolve(endpoint);
      };
      const silent = () => settle(undefined, 'notDirected');
      const asked = request({ host: '127.0.0.1', port, path: '/msg_server', agent: false });
      const patience = setTimeout(() => asked.destroy(new Error('no answer')), answerMs);
      asked.once('close', () => clearTimeout(patience));
      asked.once('error', silent);
      asked.once('response', (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          text += chunk;
        });
        response.once('error', silent);
        response.once('end', () => {
          const { code, priorIP, port: at } = JSON.parse(text) as Directions;
          if (code === 0 && priorIP) settle({ host: priorIP, port: Number(at) });
          else settle(undefined, 'noServer');
        });
      });
      asked.end();
    });
}

interface Directions {
  code: number;
  priorIP?: string;
  port?: string;
}
