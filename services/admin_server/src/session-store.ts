import { Problem, type Store } from '@teamtalk/administration';
import { consoleApi, consoles, type Method, type ReplicaPool } from '@teamtalk/rpc';

const { CALL_NO_SESSION, CALL_NOT_PERMITTED, CALL_SECOND_FACTOR_NEEDED } = consoleApi.console.CallResult;

/**
 * Calls db_proxy_server on behalf of a session. db_proxy_server checks whether the session's account may make the call, and
 * records it as the actor. Calls may also throw Problem `not-logged-in`, `not-permitted` and `second-factor-needed`.
 */
export class SessionStore implements Store {
  readonly #pool: ReplicaPool;
  readonly #session: Buffer;
  readonly #address: string;

  /** @param session SHA-256 of its token. @param address the caller's, for the audit */
  constructor(pool: ReplicaPool, session: Buffer, address: string) {
    this.#pool = pool;
    this.#session = session;
    this.#address = address;
  }

  async call<RequestIn, RequestOut, ReplyIn, ReplyOut>(
    method: Method<RequestIn, RequestOut, ReplyIn, ReplyOut>,
    request: RequestIn,
    deadlineMs: number,
  ): Promise<ReplyOut> {
    const asked = this.#asked(method, request);
    return replyOf(method, await this.#pool.call(consoles.call, asked, deadlineMs));
  }

  async callOnce<RequestIn, RequestOut, ReplyIn, ReplyOut>(
    method: Method<RequestIn, RequestOut, ReplyIn, ReplyOut>,
    request: RequestIn,
    deadlineMs: number,
  ): Promise<ReplyOut> {
    const asked = this.#asked(method, request);
    return replyOf(method, await this.#pool.callOnce(consoles.call, asked, deadlineMs));
  }

  #asked<RequestIn, RequestOut, ReplyIn, ReplyOut>(
    method: Method<RequestIn, RequestOut, ReplyIn, ReplyOut>,
    request: RequestIn,
  ): consoleApi.console.CallRequest.$Properties {
    return {
      session: this.#session,
      address: this.#address,
      method: method.path,
      request: method.requestSerialize(request),
    };
  }
}

function replyOf<RequestIn, RequestOut, ReplyIn, ReplyOut>(
  method: Method<RequestIn, RequestOut, ReplyIn, ReplyOut>,
  { result, reply }: consoleApi.console.CallReply,
): ReplyOut {
  if (result === CALL_NO_SESSION) throw new Problem('not-logged-in');
  if (result === CALL_SECOND_FACTOR_NEEDED) throw new Problem('second-factor-needed');
  if (result === CALL_NOT_PERMITTED) throw new Problem('not-permitted');
  return method.responseDeserialize(Buffer.from(reply)) as ReplyOut;
}
