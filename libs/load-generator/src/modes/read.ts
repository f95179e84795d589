import { waitUntil } from '@teamtalk/local-stack';
import { Commands, decodeBody, encodePdu } from '@teamtalk/protocol';
import { clock, type LoadConnection } from '../connection.js';
import { Latency } from '../latency.js';
import { Measurement } from '../measurement.js';
import type { LoadOptions } from '../options.js';
import { Pacer } from '../pacer.js';
import { Pool } from '../pool.js';
import type { LoadResult } from '../result.js';

export interface ReadOptions extends LoadOptions {
  /** requests a second of all connections */
  rate: number;
  /** a page of history, unread counts, all users, or recent sessions */
  what: 'history' | 'unread' | 'users' | 'sessions';
  /** history: the other user's id, and the newest message; pages begin anywhere below it */
  peer: number;
  newest: number;
  /** messages per page */
  page: number;
}

interface Question {
  /** the answer's command */
  answerId: number;
  request: (connection: LoadConnection) => Buffer;
  /** entries of an answer */
  count: (body: Buffer) => number;
}

/** Reads at an even pace, over logged-in connections in turn. */
export async function runRead(options: ReadOptions): Promise<LoadResult> {
  const { rate, what, seconds, warmup, drain, watch, say } = options;
  const { answerId, request, count } = questionOf(options);
  const pool = new Pool(options);
  const latency = new Latency();
  const measurement = new Measurement(watch, seconds, { answer: latency });
  const total = Math.ceil(rate * (warmup + seconds));
  /** by the connection's index: when the requests in flight were due; answers come in order */
  const due: number[][] = pool.connections.map(() => []);
  let answered = 0;
  let answeredInTime = 0;
  let bytes = 0;
  let things = 0;
  try {
    await pool.logInAll();
    const readers = pool.connections.filter(({ loggedIn }) => loggedIn);
    pool.frames = {
      frame: (connection, commandId, _seq, buf, start, end) => {
        if (commandId !== answerId) return;
        const dueAt = due[connection.index]!.shift();
        if (dueAt === undefined) return;
        answered++;
        bytes += end - start;
        if (measurement.includes(clock.now)) answeredInTime++;
        if (measurement.includes(dueAt)) latency.record(clock.now - dueAt);
        // Decodes only the first answer, so that the load generator is not the bottleneck.
        if (answered === 1) things = count(buf.subarray(start, end));
      },
    };
    const pacer = new Pacer({
      rate,
      total,
      send: (k, dueAt) => {
        const connection = readers[k % readers.length]!;
        due[connection.index]!.push(dueAt);
        connection.write(request(connection));
      },
    });
    const asking = pacer.run();
    measurement.begin(pacer.start, warmup);
    await asking;
    await waitUntil(() => answered >= total && performance.now() >= measurement.to, {
      timeoutMs: drain * 1000,
      what: 'every request answered',
    }).catch(() => say('some requests were not answered in time'));
    return {
      mode: `read ${what}`,
      wantedRate: rate,
      ...measurement.end(),
      rates: { answers: answeredInTime / seconds },
      connections: pool.counts,
      figures: {
        asked: total,
        answered,
        bytesAnAnswer: Math.round(bytes / Math.max(1, answered)),
        inTheFirst: things,
      },
    };
  } finally {
    pool.closeAll();
  }
}

function questionOf({ what, peer, newest, page }: ReadOptions): Question {
  switch (what) {
    case 'history':
      return {
        answerId: Commands.MsgListResponse.id,
        request: ({ userId }) => {
          const msgIdBegin = newest > page ? page + Math.floor(Math.random() * (newest - page)) : 0;
          const fields = { userId, sessionType: 1, sessionId: peer, msgIdBegin, msgCnt: page } as const;
          return encodePdu(Commands.MsgListRequest, fields, 1);
        },
        count: (body) => decodeBody(Commands.MsgListResponse, body).msgList?.length ?? 0,
      };
    case 'unread':
      return {
        answerId: Commands.MsgUnreadCntResponse.id,
        request: ({ userId }) => encodePdu(Commands.MsgUnreadCntRequest, { userId }, 1),
        count: (body) => decodeBody(Commands.MsgUnreadCntResponse, body).unreadinfoList?.length ?? 0,
      };
    case 'users':
      return {
        answerId: Commands.BuddyListAllUserResponse.id,
        request: ({ userId }) =>
          encodePdu(Commands.BuddyListAllUserRequest, { userId, latestUpdateTime: 0 }, 1),
        count: (body) => decodeBody(Commands.BuddyListAllUserResponse, body).userList?.length ?? 0,
      };
    case 'sessions':
      return {
        answerId: Commands.BuddyListRecentContactSessionResponse.id,
        request: ({ userId }) =>
          encodePdu(Commands.BuddyListRecentContactSessionRequest, { userId, latestUpdateTime: 0 }, 1),
        count: (body) =>
          decodeBody(Commands.BuddyListRecentContactSessionResponse, body).contactSessionList?.length ?? 0,
      };
  }
}
