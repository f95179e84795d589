import { isMobileClient } from './message-types.js';

/** What a user may be logged in with side by side. */
export type ClientClass = 'pc' | 'mobile' | 'web' | 'bot';

/** How the `client_version` of a web client begins. Its client type is one of a PC: the protocol has no other. */
const webVersion = 'web/';

/** Sessions of a class that a user may have at a time. */
const maxSessions: Record<ClientClass, number> = { pc: 1, mobile: 1, web: 5, bot: 20 };

/** @param isBot whether the user is a bot: whatever its client says, its processes are alike */
export function clientClassOf(clientType: number, clientVersion: string, isBot = false): ClientClass {
  if (isBot) return 'bot';
  if (isMobileClient(clientType)) return 'mobile';
  return clientVersion.startsWith(webVersion) ? 'web' : 'pc';
}

interface Login {
  readonly clientClass: ClientClass;
  readonly loginSeq: number;
}

/** Those of a user's sessions that are one too many of their class: the oldest logins. */
export function displacedOf<T extends Login>(sessions: readonly T[], clientClass: ClientClass): T[] {
  const rivals = sessions.filter((each) => each.clientClass === clientClass);
  const max = maxSessions[clientClass];
  if (rivals.length <= max) return [];
  return rivals.sort((a, b) => b.loginSeq - a.loginSeq).slice(max);
}
