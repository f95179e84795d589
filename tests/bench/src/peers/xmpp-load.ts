import {
  Conversation,
  emptyCounts,
  Latency,
  Ledger,
  type LoadResult,
  Measurement,
  Pacer,
  type WatchedProcess,
} from '@teamtalk/load-generator';
import { waitUntil } from '@teamtalk/local-stack';
import { XmppClient, type XmppTraffic } from './xmpp-client.js';

export interface XmppLoadOptions {
  port: number;
  domain: string;
  /** `u1` to `u<users>`, who write to each other in pairs */
  users: number;
  password: string;
  /** messages a second of all users together */
  rate: number;
  /** bytes of a text */
  size: number;
  seconds: number;
  warmup: number;
  drain: number;
  watch: readonly WatchedProcess[];
}

/** Logins at a time. */
const concurrency = 20;

/** What the load generator's p2p mode does, over XMPP: the same pace, latencies and ledger. */
export async function runXmppLoad(options: XmppLoadOptions): Promise<LoadResult> {
  const { users, rate, size, seconds, warmup, drain, watch } = options;
  const [ack, delivery, sendLag] = [new Latency(), new Latency(), new Latency()];
  const conversations = Array.from({ length: Math.floor(users / 2) }, (_, i) => {
    return Conversation.pair(2 * i + 1, 2 * i + 2);
  });
  const senders = conversations.length * 2;
  const total = Math.ceil(rate * (warmup + seconds));
  const ledger = new Ledger(conversations, total);
  const measurement = new Measurement(watch, seconds, { ack, delivery, sendLag });
  /** by client: how many are acknowledged, and the newest number received */
  const ackedOf = new Uint32Array(senders);
  const newestOf = new Int32Array(senders).fill(-1);
  let [ackedInTime, deliveredInTime, foreign] = [0, 0, 0];

  // Message k is of client k % senders. The members of a pair are neighbours.
  const traffic: XmppTraffic = {
    acked({ index }, count) {
      const now = performance.now();
      for (let n = ackedOf[index]!; n < count; n++) {
        const k = n * senders + index;
        ledger.acknowledged(k, n + 1);
        if (measurement.includes(now)) ackedInTime++;
        if (measurement.includes(pacer.dueAt(k))) ack.record(now - pacer.dueAt(k));
      }
      ackedOf[index] = Math.max(ackedOf[index]!, count);
    },
    message(client, stanza) {
      const now = performance.now();
      const { index } = client;
      const [, run, number] = /<body>(\d+) (\d+) /.exec(stanza) ?? [];
      const k = Number(number);
      if (Number(run) !== ledger.run || !ledger.knows(k)) {
        foreign++;
        return;
      }
      if (k % senders !== (index ^ 1)) {
        ledger.findings.add('misrouted', `${k} came to ${client.name}`);
        return;
      }
      if (!ledger.received(k, index % 2)) {
        ledger.findings.add('duplicated', `${k} came to ${client.name} again`);
        return;
      }
      if (k < newestOf[index]!) ledger.findings.add('reordered', `${k} came to ${client.name} late`);
      newestOf[index] = Math.max(newestOf[index]!, k);
      if (measurement.includes(now)) deliveredInTime++;
      if (measurement.includes(pacer.dueAt(k))) delivery.record(now - pacer.dueAt(k));
    },
  };
  const clients = await logInAll(options, senders, traffic);
  const pacer = new Pacer({
    rate,
    total,
    send: (k, dueAt) => {
      const index = k % senders;
      ledger.begin(index >> 1, index % 2);
      clients[index]!.send(clients[index ^ 1]!.name, `${ledger.run} ${k} `.padEnd(size, '.'));
      if (measurement.includes(dueAt)) sendLag.record(performance.now() - dueAt);
    },
  });
  try {
    const sending = pacer.run();
    measurement.begin(pacer.start, warmup);
    await sending;
    await waitUntil(() => ledger.isComplete && performance.now() >= measurement.to, {
      timeoutMs: drain * 1000,
      what: 'everything acknowledged and delivered',
    }).catch(() => {});
  } finally {
    for (const client of clients) client.close();
  }
  const { duplicated, reordered, misrouted } = ledger.findings.counts;
  return {
    mode: 'xmpp',
    wantedRate: rate,
    ...measurement.end(),
    rates: { acked: ackedInTime / seconds, delivered: deliveredInTime / seconds },
    connections: { ...emptyCounts(), loggedIn: clients.length },
    messages: {
      sent: ledger.sent,
      acked: ledger.acked,
      delivered: ledger.delivered,
      unacked: ledger.sent - ledger.acked,
      undelivered: ledger.inFlight,
      duplicated,
      reordered,
      inverted: 0,
      strayAcks: 0,
      misrouted,
      foreign,
    },
  };
}

async function logInAll(
  { port, domain, password }: XmppLoadOptions,
  count: number,
  traffic: XmppTraffic,
): Promise<XmppClient[]> {
  const clients: XmppClient[] = [];
  const logInNext = async () => {
    while (clients.length < count) {
      const index = clients.length;
      const client = new XmppClient(`u${index + 1}`, index, domain, port, traffic);
      clients.push(client);
      await client.logIn(password);
    }
  };
  try {
    await Promise.all(Array.from({ length: concurrency }, logInNext));
  } catch (error) {
    for (const client of clients) client.close();
    throw error;
  }
  return clients;
}
