import { createHash } from 'node:crypto';
import { TeamTalkError } from '@teamtalk/service-kit';
import type { Database, Query, Statement } from '../database/database.js';

/** Longest key, with what the caller puts before it to tell apps apart. */
export const maxKeyLength = 300;

// Waits for another transaction that has taken the same key: then it is there, or free again. One older than
// 24 hours that is not purged yet counts as free.
const takeKey: Statement = {
  name: 'api_answer_take_key',
  text: `
    INSERT INTO api_answer AS a (key, request) VALUES ($1, $2)
    ON CONFLICT (key) DO UPDATE SET request = EXCLUDED.request, answer = '', created_at = now()
      WHERE a.created_at < now() - interval '24 hours'
    RETURNING key`,
};

const known: Statement = {
  name: 'api_answer_known',
  text: 'SELECT request, answer FROM api_answer WHERE key = $1',
};

const keep: Statement = {
  name: 'api_answer_keep',
  text: 'UPDATE api_answer SET answer = $2 WHERE key = $1 RETURNING key',
};

const purge: Statement = {
  name: 'api_answer_purge',
  text: `
    DELETE FROM api_answer WHERE key IN (
      SELECT key FROM api_answer WHERE created_at < now() - interval '24 hours' LIMIT 10000)
    RETURNING key`,
};

/** How a reply is kept. */
interface ReplyCodec<Reply> {
  encode(reply: Reply): { finish(): Uint8Array };
  decode(bytes: Uint8Array): Reply;
}

export interface OnceOptions<Reply> {
  /** the caller's name for the request; empty: it is worked off each time */
  key: string;
  /** what is asked for, without the key: the same key for something else is refused */
  request: Uint8Array;
  reply: ReplyCodec<Reply>;
}

/** Answers that are given again to who asks again with the same key, for 24 hours. */
export class ApiAnswers {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /**
   * Does `work` in a transaction and keeps its reply in the same one, or gives the reply kept before. So the
   * work has its effect once, whichever replica is asked again, and whoever died at whichever moment.
   * @param name of what is done, for errors
   * @throws TeamTalkError `invalid-argument` when the key is too long or was used for another request;
   * otherwise as Database.transaction says
   */
  once<Reply>(
    name: string,
    { key, request, reply }: OnceOptions<Reply>,
    work: (query: Query) => Promise<Reply>,
  ): Promise<Reply> {
    if (key.length > maxKeyLength || key.includes('\0')) {
      throw new TeamTalkError('invalid-argument', `a key has at most ${maxKeyLength} characters`);
    }
    return this.#database.transaction(name, async (query) => {
      if (key === '') return work(query);
      const digest = createHash('sha256').update(request).digest();
      const taken = await query(takeKey, [key, digest]);
      if (taken.length === 0) {
        const [row] = await query<{ request: Buffer; answer: Buffer }>(known, [key]);
        if (!row?.request.equals(digest)) {
          throw new TeamTalkError('invalid-argument', 'the key was used for another request');
        }
        return reply.decode(row.answer);
      }
      const answer = await work(query);
      await query(keep, [key, Buffer.from(reply.encode(answer).finish())]);
      return answer;
    });
  }

  /** @returns how many are forgotten */
  async purge(): Promise<number> {
    return (await this.#database.query(purge, [])).length;
  }
}
