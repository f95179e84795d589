import { Lane } from './lane.js';
import type { Random } from './random.js';
import type { ServiceTimes } from './service-times.js';
import type { Simulation } from './simulation.js';
import { Disk, Host, Process } from './stations.js';

export interface PathOptions {
  times: ServiceTimes;
  msgServers: number;
  /** per database; with `everyDatabase`, in total */
  dbProxies: number;
  databases: number;
  /** every db_proxy_server writes to every database, instead of belonging to one */
  everyDatabase?: boolean;
  /** one machine that runs everything, load generator included; by default each process has a core of its own */
  machine?: { cores: number; slice: number };
  /** cores of each PostgreSQL server; ignored with `machine` */
  postgresqlCores: number;
  /** microseconds from one process to another, wake-up included */
  hop: number;
  groupShare: number;
  /** online receivers of a group message */
  groupReceivers: number;
  byRouteServer?: boolean;
}

/** How a process's time for one message is divided among its steps. Rough: profiles do not show it exactly. */
const share = {
  client: { send: 0.4, ack: 0.2, delivery: 0.4 },
  msg_server: { send: 0.3, ack: 0.25, delivery: 0.3, receipt: 0.15 },
  db_proxy_server: { take: 0.3, store: 0.3, publish: 0.4 },
  /** of the time for a transaction */
  publish: 0.5,
};

/** Called when a client receives an ack or a message, with the time at which the message was due. */
interface Heard {
  ack: (due: number) => void;
  delivery: (due: number) => void;
}

interface Message {
  due: number;
  sender: number;
  receiver: number;
  /** online receivers beyond the first */
  others: number;
}

interface Part {
  /** due times of the messages acknowledged in this part */
  acks: number[];
  deliveries: number[];
  /** deliveries to group members beyond the first */
  others: number;
}

interface Proxy {
  process: Process;
  /** by database */
  lanes: Lane<Message>[];
}

/** The path of a message through the services (docs/architecture.md), as stations with queues. */
export class MessagePath {
  readonly #sim: Simulation;
  readonly #random: Random;
  readonly #options: PathOptions;
  readonly #clients: Process | undefined;
  readonly #msgServers: Process[];
  readonly #proxies: Proxy[] = [];
  readonly #databases: { host: Host; disk: Disk }[];
  readonly #nats: Process;
  readonly #routeServer: Process;
  /** by database */
  readonly #lanesOf: { proxy: Proxy; lane: Lane<Message> }[][];
  readonly #heard: Heard;

  constructor(sim: Simulation, random: Random, options: PathOptions, heard: Heard) {
    this.#sim = sim;
    this.#random = random;
    this.#options = options;
    this.#heard = heard;
    const { machine, msgServers, databases, dbProxies, postgresqlCores, everyDatabase } = options;
    const shared = machine && new Host(sim, machine.cores, machine.slice);
    const own = () => shared ?? new Host(sim, 1);
    this.#clients = shared && new Process(shared);
    this.#msgServers = Array.from({ length: msgServers }, () => new Process(own()));
    this.#nats = new Process(own());
    this.#routeServer = new Process(own());
    const { least, mean } = options.times.flush;
    this.#databases = Array.from({ length: databases }, () => ({
      host: shared ?? new Host(sim, postgresqlCores),
      disk: new Disk(sim, () => least + random.exponential(mean - least)),
    }));
    this.#lanesOf = this.#databases.map(() => []);
    const groups = everyDatabase ? [this.#databases.map((_, k) => k)] : this.#databases.map((_, k) => [k]);
    for (const served of groups) {
      for (let k = 0; k < dbProxies; k++) this.#addProxy(own(), served);
    }
  }

  #addProxy(host: Host, served: number[]): void {
    const proxy: Proxy = { process: new Process(host), lanes: [] };
    this.#proxies.push(proxy);
    for (const database of served) {
      const backend = new Process(this.#databases[database]!.host);
      const { disk } = this.#databases[database]!;
      const lane = new Lane<Message>(this.#sim, (batch, done) =>
        this.#commit(proxy, backend, disk, batch, done),
      );
      proxy.lanes.push(lane);
      this.#lanesOf[database]!.push({ proxy, lane });
    }
  }

  /** Sends a message that is due now. */
  send(): void {
    const { msgServers, groupShare, groupReceivers, times, databases } = this.#options;
    const random = this.#random;
    const sender = random.below(msgServers);
    const message: Message = {
      due: this.#sim.now,
      sender,
      // With several msg_servers the receiver is at another one: the worst case, and the usual one when there are many.
      receiver: msgServers > 1 ? (sender + 1 + random.below(msgServers - 1)) % msgServers : sender,
      others: random.next() < groupShare ? Math.max(0, Math.round(groupReceivers) - 1) : 0,
    };
    const lanes = this.#lanesOf[random.below(databases)]!;
    const { proxy, lane } = lanes[random.below(lanes.length)]!;
    this.#byClient(share.client.send, () =>
      this.#at(this.#msgServers[message.sender]!, times.msg_server.perMessage * share.msg_server.send, () =>
        this.#at(proxy.process, times.db_proxy_server.perMessage * share.db_proxy_server.take, () =>
          lane.add(message),
        ),
      ),
    );
  }

  #commit(proxy: Proxy, backend: Process, disk: Disk, batch: Message[], done: () => void): void {
    const { db_proxy_server, postgresql, frame } = this.#options.times;
    const { store, publish } = share.db_proxy_server;
    const n = batch.length;
    const before =
      (1 - share.publish) * db_proxy_server.perTransaction + n * db_proxy_server.perMessage * store;
    proxy.process.do(before, () =>
      this.#at(backend, postgresql.perTransaction + n * postgresql.perMessage, () =>
        disk.sync(() => {
          const parts = this.#partsOf(batch);
          const after =
            share.publish * db_proxy_server.perTransaction +
            n * db_proxy_server.perMessage * publish +
            (parts.size - 1) * frame;
          this.#at(proxy.process, after, () => {
            this.#sendParts(parts, n);
            done();
          });
        }),
      ),
    );
  }

  /** Splits a batch into what each msg_server receives. */
  #partsOf(batch: readonly Message[]): Map<number, Part> {
    const parts = new Map<number, Part>();
    const part = (server: number): Part => {
      let found = parts.get(server);
      if (!found) {
        found = { acks: [], deliveries: [], others: 0 };
        parts.set(server, found);
      }
      return found;
    };
    const { msgServers } = this.#options;
    for (const message of batch) {
      part(message.sender).acks.push(message.due);
      part(message.receiver).deliveries.push(message.due);
      const spread = Math.min(message.others, msgServers);
      for (let k = 0; k < spread; k++) part(this.#random.below(msgServers)).others += message.others / spread;
    }
    return parts;
  }

  #sendParts(parts: ReadonlyMap<number, Part>, n: number): void {
    const { byRouteServer, times } = this.#options;
    const { route_server, nats, msg_server } = times;
    if (!byRouteServer) {
      for (const [server, part] of parts) {
        this.#at(this.#msgServers[server]!, msg_server.perTransaction, () => {
          this.#acknowledge(server, part);
          this.#deliver(server, part);
        });
      }
      return;
    }
    // Each msg_server is woken twice: by the results and by the messages.
    const wake = msg_server.perTransaction / 2;
    const toEach = (tell: (server: number, part: Part) => void) => {
      for (const [server, part] of parts) this.#at(this.#msgServers[server]!, wake, () => tell(server, part));
    };
    toEach((server, part) => this.#acknowledge(server, part));
    const half = (nats.perTransaction + n * nats.perMessage) / 2;
    this.#at(this.#nats, half, () =>
      this.#at(this.#routeServer, route_server.perTransaction + n * route_server.perMessage, () =>
        this.#at(this.#nats, half, () => toEach((server, part) => this.#deliver(server, part))),
      ),
    );
  }

  #acknowledge(server: number, { acks }: Part): void {
    const cost = this.#options.times.msg_server.perMessage * share.msg_server.ack;
    for (const due of acks) {
      this.#msgServers[server]!.do(cost, () =>
        this.#sim.after(this.#options.hop, () =>
          this.#byClient(share.client.ack, () => this.#heard.ack(due)),
        ),
      );
    }
  }

  #deliver(server: number, { deliveries, others }: Part): void {
    const { msg_server, groupDelivery } = this.#options.times;
    const process = this.#msgServers[server]!;
    for (const due of deliveries) {
      process.do(msg_server.perMessage * share.msg_server.delivery, () =>
        this.#sim.after(this.#options.hop, () =>
          this.#byClient(share.client.delivery, () => {
            this.#heard.delivery(due);
            this.#at(process, msg_server.perMessage * share.msg_server.receipt, () => {});
          }),
        ),
      );
    }
    if (others > 0) process.do(others * groupDelivery, () => {});
  }

  /** Works at another process, one hop away. */
  #at(process: Process, cost: number, done: () => void): void {
    this.#sim.after(this.#options.hop, () => process.do(cost, done));
  }

  /** Works at the load generator, if it is simulated. */
  #byClient(part: number, done: () => void): void {
    if (this.#clients) this.#clients.do(this.#options.times.client * part, done);
    else done();
  }

  /** Utilisation so far: microseconds used by the busiest station of each kind. */
  used(): Record<string, number> {
    const most = (all: readonly { used: number }[]) => Math.max(...all.map(({ used }) => used));
    return {
      ...(this.#clients ? { 'load generator': this.#clients.used } : {}),
      msg_server: most(this.#msgServers),
      db_proxy_server: most(this.#proxies.map(({ process }) => process)),
      route_server: this.#routeServer.used,
      NATS: this.#nats.used,
      [this.#options.machine ? 'the machine' : 'PostgreSQL']: Math.max(
        ...this.#databases.map(({ host }) => host.used / host.cores),
      ),
      disk: most(this.#databases.map(({ disk }) => disk)),
    };
  }

  /** Average number of messages in a transaction so far. */
  batchSize(): number {
    const lanes = this.#proxies.flatMap(({ lanes: all }) => all);
    const sum = (of: (lane: Lane<Message>) => number) => lanes.reduce((total, lane) => total + of(lane), 0);
    return (
      sum(({ stored }) => stored) /
      Math.max(
        1,
        sum(({ batches }) => batches),
      )
    );
  }
}
