import { createHash } from 'node:crypto';
import { TeamTalkError } from '@teamtalk/service-kit';
import type { Database, Query, Statement } from '../database/database.js';

/** Longest idempotency key, including the caller's prefix that identifies the app. */
export const maxKeyLength = 300;

// Waits for a concurrent transaction with the same key to commit or roll back. A key older than 24 hours that is not
// purged yet counts as free.
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

export interface OnceCodecs<Request, Reply> {
  request: { encode(request: Request): { finish(): Uint8Array } };
  /** how the reply is stored */
  reply: { encode(reply: Reply): { finish(): Uint8Array }; decode(bytes: Uint8Array): Reply };
}

/** Stored replies by idempotency key, for 24 hours. */
export class ApiAnswers {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /**
   * Runs `work` and stores its reply in one transaction, or returns the stored reply. So a retry on any replica, after
   * a crash at any moment, has no second effect.
   * @param name of the operation, for errors
   * @param request with an empty `idempotencyKey` it is executed every time
   * @throws TeamTalkError `invalid-argument` when the key is too long or was used for another request;
   * otherwise as Database.transaction says
   */
  once<Request extends { idempotencyKey: string }, Reply>(
    name: string,
    request: Request,
    codecs: OnceCodecs<Request, Reply>,
    work: (query: Query) => Promise<Reply>,
  ): Promise<Reply> {
    const key = request.idempotencyKey;
    if (key.length > maxKeyLength || key.includes('\0')) {
      throw new TeamTalkError('invalid-argument', `a key has at most ${maxKeyLength} characters`);
    }
    return this.#database.transaction(name, async (query) => {
      if (key === '') return work(query);
      const asked = codecs.request.encode({ ...request, idempotencyKey: '', actor: null }).finish();
      const digest = createHash('sha256').update(asked).digest();
      const taken = await query(takeKey, [key, digest]);
      if (taken.length === 0) {
        const [row] = await query<{ request: Buffer; answer: Buffer }>(known, [key]);
        if (!row?.request.equals(digest)) {
          throw new TeamTalkError('invalid-argument', 'the key was used for another request');
        }
        return codecs.reply.decode(row.answer);
      }
      const answer = await work(query);
      await query(keep, [key, Buffer.from(codecs.reply.encode(answer).finish())]);
      return answer;
    });
  }

  /** @returns the number of removed replies */
  async purge(): Promise<number> {
    return (await this.#database.query(purge, [])).length;
  }
}
