import type { Heartbeat } from '@teamtalk/bus';
import type { Context } from '../context.js';
import type { HttpHandler } from '../listeners/http-routes.js';

/** Texts of the original. */
const refusals = {
  none: { code: 1, msg: '没有msg_server' },
  full: { code: 2, msg: '负载过高' },
} as const;

/**
 * `GET /msg_server` (client-behaviour.md#the-answer-of-login_server). Every field is always present, also in a refusal: Android
 * throws on a missing one. Only `baseUrl` is left out unless it is configured.
 */
export function findMsgServer({ directory, urls, countAnswer }: Context): HttpHandler {
  // A heartbeat is immutable and the next one is another object, so its response can be cached.
  const answers = new WeakMap<Heartbeat, Buffer>();

  const write = (state: { code: number; msg: string }, server?: Heartbeat) =>
    Buffer.from(
      JSON.stringify({
        ...state,
        priorIP: server?.ip1 ?? '',
        backupIP: server ? server.ip2 || server.ip1 : '',
        msfsPrior: urls.msfsPrior,
        msfsBackup: urls.msfsBackup,
        discovery: urls.discovery,
        port: String(server?.port ?? 0),
        ...(urls.baseUrl && { baseUrl: urls.baseUrl }),
      }),
    );
  const refused = { none: write(refusals.none), full: write(refusals.full) };

  return () => {
    const choice = directory.choose();
    countAnswer('http', choice.result);
    if (choice.result !== 'ok') return refused[choice.result];
    let answer = answers.get(choice.server);
    if (!answer) {
      answer = write({ code: 0, msg: '' }, choice.server);
      answers.set(choice.server, answer);
    }
    return answer;
  };
}
