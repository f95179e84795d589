import { waitUntil } from '@teamtalk/local-stack';
import { Commands, createTextCodec, DEFAULT_TEXT_KEY, decodeBody } from '@teamtalk/protocol';
import type { Endpoint } from '../connection.js';
import { HttpClients, httpRequest } from '../http-connection.js';
import { Latency } from '../latency.js';
import { Measurement } from '../measurement.js';
import type { LoadOptions } from '../options.js';
import { Pacer } from '../pacer.js';
import { Pool } from '../pool.js';
import type { LoadResult } from '../result.js';
import { Id } from '../wire.js';

export interface PushOptions extends LoadOptions {
  /** the http_msg_server */
  http: Endpoint;
  /** requests a second */
  rate: number;
  /** HTTP connections */
  connections: number;
  /** bytes of each text */
  size: number;
}

const textCodec = createTextCodec(DEFAULT_TEXT_KEY);
const run = Math.random().toString(36).slice(2, 8);

/** `/query/SendP2PMessage` from the first user to each of the others, all logged in, in turn. */
export async function runPush(options: PushOptions): Promise<LoadResult> {
  const { http, rate, connections, size, seconds, warmup, drain, watch, say } = options;
  const pool = new Pool(options);
  const answer = new Latency();
  const delivery = new Latency();
  const measurement = new Measurement(watch, seconds, { answer, delivery });
  const total = Math.ceil(rate * (warmup + seconds));
  const delivered = new Uint8Array(total);
  const counts = { sent: 0, accepted: 0, refused: 0, delivered: 0, duplicates: 0 };
  let acceptedInTime = 0;
  const clients = new HttpClients(http, connections, true, (k, status, body) => {
    const now = performance.now();
    const ok = status === 200 && body.includes('"error_code":0');
    counts[ok ? 'accepted' : 'refused']++;
    if (ok && measurement.includes(now)) acceptedInTime++;
    if (measurement.includes(pacer.dueAt(k))) answer.record(now - pacer.dueAt(k));
  });
  const pacer = new Pacer({
    rate,
    total,
    send: (k) => {
      counts.sent++;
      const receiver = receivers[k % receivers.length]!;
      const msg = `${run} ${k} `.padEnd(size, 'x');
      const fields = { from_user_id: sender, session_id: receiver.userId, msg, msg_type: 3 };
      clients.send(httpRequest('/query/SendP2PMessage', http, Buffer.from(JSON.stringify(fields))), k);
    },
  });
  await pool.logInAll();
  const [first, ...receivers] = pool.connections.filter(({ loggedIn }) => loggedIn);
  const sender = first!.userId;
  pool.frames = {
    frame: (connection, commandId, _seq, buf, start, end) => {
      // The sender's own client gets a copy too.
      if (commandId !== Id.Message || connection === first) return;
      const k = numberIn(buf.subarray(start, end));
      if (k < 0 || k >= total) return;
      if (delivered[k]) {
        counts.duplicates++;
        return;
      }
      delivered[k] = 1;
      counts.delivered++;
      const dueAt = pacer.dueAt(k);
      if (measurement.includes(dueAt)) delivery.record(performance.now() - dueAt);
    },
  };
  try {
    const sending = pacer.run();
    measurement.begin(pacer.start, warmup);
    await sending;
    await waitUntil(
      () =>
        counts.accepted + counts.refused === total &&
        counts.delivered >= counts.accepted &&
        performance.now() >= measurement.to,
      { timeoutMs: drain * 1000, what: 'every push answered and delivered' },
    ).catch(() => say('some pushes were not answered or not delivered in time'));
    return {
      mode: 'push',
      wantedRate: rate,
      ...measurement.end(),
      rates: { accepted: acceptedInTime / seconds },
      connections: pool.counts,
      figures: { ...counts, undelivered: counts.accepted - counts.delivered },
    };
  } finally {
    clients.close();
    pool.closeAll();
  }
}

/** One `/query/SendBroadCastMessage` to all users, who are logged in. */
export async function runBroadcast(options: Omit<PushOptions, 'rate' | 'connections'>): Promise<LoadResult> {
  const { http, size, drain, watch, say } = options;
  const pool = new Pool(options);
  await pool.logInAll();
  const receivers = pool.connections.filter(({ loggedIn }) => loggedIn);
  const sender = receivers.pop()!;
  const answer = new Latency();
  const delivery = new Latency();
  const measurement = new Measurement(watch, options.seconds, { answer, delivery });
  const msg = `${run} 0 `.padEnd(size, 'x');
  const fields = {
    from_user_id: sender.userId,
    session_ids: receivers.map(({ userId }) => userId),
    msg,
    msg_type: 3,
  };
  const got = new Set<number>();
  let start = 0;
  let lastAt = 0;
  pool.frames = {
    frame: (connection, commandId, _seq, buf, from, to) => {
      if (commandId !== Id.Message || connection === sender || numberIn(buf.subarray(from, to)) !== 0) return;
      lastAt = performance.now();
      got.add(connection.index);
      delivery.record(lastAt - start);
    },
  };
  try {
    start = performance.now();
    measurement.begin(start, 0);
    const response = await fetch(`http://${http.host}:${http.port}/query/SendBroadCastMessage`, {
      method: 'POST',
      body: JSON.stringify(fields),
    });
    const { error_code: code } = (await response.json()) as { error_code: number };
    const acceptedMs = performance.now() - start;
    answer.record(acceptedMs);
    await waitUntil(() => got.size >= receivers.length, {
      timeoutMs: drain * 1000,
      what: 'the broadcast delivered to all',
    }).catch(() => say('some receivers did not get the broadcast in time'));
    const measured = measurement.endNow(lastAt || performance.now());
    return {
      mode: 'broadcast',
      wantedRate: 0,
      ...measured,
      rates: { delivered: got.size / measured.seconds },
      connections: pool.counts,
      figures: { receivers: receivers.length, delivered: got.size, errorCode: code, acceptedMs },
    };
  } finally {
    pool.closeAll();
  }
}

/** The number in a delivered text of this run, -1 when it is none. */
function numberIn(body: Buffer): number {
  const { msgData } = decodeBody(Commands.MsgData, body);
  const [ofRun, k] = textCodec.decrypt(msgData).split(' ', 2);
  return ofRun === run ? Number(k) : -1;
}
