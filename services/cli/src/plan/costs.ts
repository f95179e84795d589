/** The processes whose CPU was measured, stores included. */
export type Process = 'msg_server' | 'db_proxy_server' | 'route_server' | 'nats' | 'postgresql';
type ByProcess = Readonly<Record<Process, number>>;

/** Where a figure comes from: a page of this repository, a quote from it, and the command that repeats the measurement. */
export interface Source {
  page: string;
  quote: string;
  command?: string;
}

const renewed = 'docs/reports/2026-11-27-plan.md';
const performance = 'docs/reports/2026-11-25-performance.md';

/**
 * Measured costs: CPU in microseconds of one core, memory and disk in bytes. A test looks up each quote in its page.
 */
export const costs = {
  /** A message between two users, with its ack, delivery and receipt, at two rates through one process of each service. */
  message: {
    slow: {
      perSecond: 5_000,
      cpu: {
        msg_server: 53.3,
        db_proxy_server: 42.4,
        route_server: 0.4,
        nats: 0.5,
        postgresql: 43.3,
      } satisfies ByProcess,
      /** transactions per second of a db_proxy_server at this rate, 2.8 ms apart */
      transactions: 357,
      source: {
        page: renewed,
        quote: '| 53.3 | 42.4 | 0.4 | 0.5 | 43.3 |',
        command: 'npm run bench -- p2p-5k p2p-20k',
      } satisfies Source,
      transactionsSource: {
        page: performance,
        quote: 'transactions of 14 messages each 2.8 ms',
        command: 'npm run bench -- p2p-5k',
      } satisfies Source,
    },
    fast: {
      perSecond: 20_000,
      cpu: {
        msg_server: 31.5,
        db_proxy_server: 8.8,
        route_server: 0.1,
        nats: 0.2,
        postgresql: 14.9,
      } satisfies ByProcess,
      /** 8 ms apart, the longest spacing: that run kept both cores busy */
      transactions: 125,
      source: {
        page: renewed,
        quote: '| 31.5 | 8.8 | 0.1 | 0.2 | 14.9 |',
        command: 'npm run bench -- p2p-5k p2p-20k',
      } satisfies Source,
      transactionsSource: {
        page: performance,
        quote: 'as much time as it took passes before the next, within 8 ms',
      } satisfies Source,
    },
  },
  /** Each delivery of a group message beyond the first, with the receipt that real clients send. */
  groupDelivery: {
    cpu: 4.1,
    source: {
      page: performance,
      quote: '| a delivery in a group, with receipt | 4.1 |',
      command: 'npm run bench -- group-receipts',
    } satisfies Source,
  },
  /** A repeated login, whose password was verified before. */
  login: {
    cpu: {
      msg_server: 133,
      db_proxy_server: 71,
      route_server: 19,
      nats: 27,
      postgresql: 90,
    } satisfies ByProcess,
    source: {
      page: performance,
      quote: '| a login | 133 | 71 | 19 | 27 | 90 |',
      command: 'npm run bench -- login-warm',
    } satisfies Source,
  },
  /** A first login, with argon2: 127 per second on two cores. */
  firstLogin: {
    cpu: 2_000_000 / 127,
    source: {
      page: performance,
      quote: '| `login-cold`, argon2 of 19 MiB and 2 passes | 127/s |',
      command: 'npm run bench -- login-cold',
    } satisfies Source,
  },
  /** A conversation in a list of unread ones, measured with lists of 500, which take 2.4 ms and 4.4 ms. */
  listedSession: {
    cpu: { db_proxy_server: 2_400 / 500, postgresql: 4_400 / 500 },
    source: {
      page: performance,
      quote:
        "the statement with the driver's part takes 4.4 ms in place of 7.3, db_proxy_server 2.4 ms of CPU an answer",
      command: 'npm run bench -- unread',
    } satisfies Source,
  },
  /** A connection with a heartbeat every 30 s, one of 19,936: memory, and cores of msg_server. */
  connection: {
    bytes: 1.4 * 1024,
    cores: 0.029 / 19_936,
    source: {
      page: performance,
      quote: '1.4 KiB each, met; CPU 2.9 % of a core',
      command: 'npm run bench -- idle',
    } satisfies Source,
  },
  tlsConnection: {
    bytes: 27.1 * 1024,
    cores: 0.053 / 19_936,
    source: {
      page: performance,
      quote: '19,936 connections: 27.1 KiB each, and 5.3 % of a core',
      command: 'npm run bench -- idle-tls',
    } satisfies Source,
  },
  /** A session in the tables of db_proxy_server and route_server. */
  session: {
    bytes: 200,
    source: {
      page: 'docs/decisions/0016-direct-delivery.md',
      quote: '(some 200 bytes each)',
    } satisfies Source,
  },
  /** A stored message of 128 bytes with its index: 15 GB hold 50 million. */
  storedMessage: {
    bytes: 300,
    dataBytes: 128,
    source: {
      page: 'docs/performance.md',
      quote: '--stored 50000000 # a larger table first (about 15 GB;',
      command: 'npm run bench -- p2p-full --stored 50000000',
    } satisfies Source,
  },
  /** The highest measured rate of one PostgreSQL, one db_proxy_server and one msg_server, messages per second. */
  mostMessages: {
    perSecond: 30_018,
    source: {
      page: performance,
      quote: '| `p2p-30k`, 60 s | 30,018/s |',
      command: 'npm run bench -- p2p-30k',
    } satisfies Source,
  },
  /** Rows per second that one process inserts directly into PostgreSQL. */
  rowFloor: {
    perSecond: 86_474,
    source: {
      page: renewed,
      quote: 'floor 86,474 rows/s',
      command: 'npm run bench -- p2p-5k',
    } satisfies Source,
  },
  /** `GET /msg_server` of one login_server. */
  directoryRequest: {
    cpu: 1_000_000 / 59_413,
    source: {
      page: performance,
      quote: '| `directory` * | 59,413/s |',
      command: 'npm run bench -- directory',
    } satisfies Source,
  },
} as const;

/** CPU cost of a process, per transaction and per message. */
export interface Slope {
  /** microseconds */
  perTransaction: number;
  /** microseconds */
  perMessage: number;
}

interface Measurement {
  perSecond: number;
  transactions: number;
  /** microseconds per message */
  cpu: number;
}

/** Solves two measurements for both costs. A negative cost, which only noise can cause, becomes 0. */
export function slopeOf(slow: Measurement, fast: Measurement): Slope {
  const ratio = fast.transactions / slow.transactions;
  const perMessage = Math.max(
    0,
    (fast.cpu * fast.perSecond - ratio * slow.cpu * slow.perSecond) /
      (fast.perSecond - ratio * slow.perSecond),
  );
  const perTransaction = Math.max(0, ((slow.cpu - perMessage) * slow.perSecond) / slow.transactions);
  return { perTransaction, perMessage };
}

/** The cost of a message in a process, from the two measurements above. */
export function messageSlope(process: Process): Slope {
  const { slow, fast } = costs.message;
  return slopeOf({ ...slow, cpu: slow.cpu[process] }, { ...fast, cpu: fast.cpu[process] });
}

/** Transactions per second of a process that makes its own: one for each message, up to the rate at which it is busy. */
export function transactionsOf(messagesPerSecond: number): number {
  return Math.min(messagesPerSecond, costs.message.slow.transactions);
}

/** Microseconds per message of all replicas of a process together, if messages are divided among `sources` of transactions. */
export function cpuPerMessage(
  { perTransaction, perMessage }: Slope,
  messagesPerSecond: number,
  sources: number,
): number {
  const transactions = sources * transactionsOf(messagesPerSecond / sources);
  return (transactions * perTransaction) / messagesPerSecond + perMessage;
}
