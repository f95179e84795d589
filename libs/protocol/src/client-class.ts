import { isMobileClient } from './message-types.js';

/** Sessions of different classes coexist; those of one class displace each other. */
export type ClientClass = 'pc' | 'mobile' | 'web' | 'bot';

/** Prefix of a web client's `client_version`. Its client type is that of a PC: the protocol has none for the web. */
const webVersion = 'web/';

/** Maximum simultaneous sessions of a user in each class. */
const maxSessions: Record<ClientClass, number> = { pc: 1, mobile: 1, web: 5, bot: 20 };

/** @param isBot whether the user is a bot; its client type and version are then ignored */
export function clientClassOf(clientType: number, clientVersion: string, isBot = false): ClientClass {
  if (isBot) return 'bot';
  if (isMobileClient(clientType)) return 'mobile';
  return clientVersion.startsWith(webVersion) ? 'web' : 'pc';
}

interface Login {
  readonly clientClass: ClientClass;
  readonly loginSeq: number;
}

/** Returns a user's sessions beyond the limit of a class: those with the oldest logins. */
export function displacedOf<T extends Login>(sessions: readonly T[], clientClass: ClientClass): T[] {
  const rivals = sessions.filter((each) => each.clientClass === clientClass);
  const max = maxSessions[clientClass];
  if (rivals.length <= max) return [];
  return rivals.sort((a, b) => b.loginSeq - a.loginSeq).slice(max);
}
