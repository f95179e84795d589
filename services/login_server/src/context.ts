import type { Metrics } from '@teamtalk/service-kit';
import type { LoginServerConfig } from './config.js';
import type { MsgServerDirectory } from './directory/msg-server-directory.js';

/** Dependencies of the handlers. */
export interface Context {
  readonly directory: MsgServerDirectory;
  readonly urls: LoginServerConfig['urls'];
  /** Counts one response to a client that asked for a msg_server. */
  readonly countAnswer: (asked: 'http' | 'tcp', result: 'ok' | 'none' | 'full') => void;
}

export function createContext(
  directory: MsgServerDirectory,
  urls: LoginServerConfig['urls'],
  metrics: Metrics,
): Context {
  const answers = metrics.counter('msg_server_answers_total', 'Requests for a msg_server, by result', [
    'asked',
    'result',
  ]);
  return { directory, urls, countAnswer: (asked, result) => answers.inc({ asked, result }) };
}
