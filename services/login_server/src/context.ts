import type { Cluster } from '@teamtalk/bus';
import type { Kit } from '@teamtalk/service-kit';
import type { LoginServerConfig } from './config.js';
import { MsgServerDirectory } from './directory/msg-server-directory.js';

/** Dependencies of the handlers. */
export interface Context {
  readonly directory: MsgServerDirectory;
  readonly urls: LoginServerConfig['urls'];
  /** Counts one response to a client that asked for a msg_server. */
  readonly countAnswer: (asked: 'http' | 'tcp', result: 'ok' | 'none' | 'full') => void;
}

export function createContext(
  { urls }: Pick<LoginServerConfig, 'urls'>,
  { metrics }: Kit,
  cluster: Cluster,
): Context {
  const directory = new MsgServerDirectory(cluster);
  metrics.gauge('msg_servers', 'msg_servers alive', () => directory.all().length);
  const answers = metrics.counter('msg_server_answers_total', 'Requests for a msg_server, by result', [
    'asked',
    'result',
  ]);
  return { directory, urls, countAnswer: (asked, result) => answers.inc({ asked, result }) };
}
