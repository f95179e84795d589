import { Conversation } from '../ledger/conversation.js';
import type { LoadOptions } from '../options.js';
import { Pool } from '../pool.js';
import type { LoadResult } from '../result.js';
import { type MessageOptions, runMessages } from './messages.js';

export interface P2pOptions extends LoadOptions, MessageOptions {
  /** only the first of each pair sends */
  oneWay: boolean;
}

/** Users in pairs, 1 with 2, 3 with 4, who write to each other. */
export async function runP2p(options: P2pOptions): Promise<LoadResult> {
  const pool = new Pool(options);
  try {
    await pool.logInAll();
    const { connections } = pool;
    const pairs = [];
    for (let i = 0; i + 1 < connections.length; i += 2) {
      const [one, other] = [connections[i]!, connections[i + 1]!];
      if (!one.loggedIn || !other.loggedIn) continue;
      const conversation = Conversation.pair(one.userId, other.userId);
      pairs.push({ conversation, connections: [one, other], senders: options.oneWay ? 1 : 2 });
    }
    return await runMessages('p2p', pool, pairs, options);
  } finally {
    pool.closeAll();
  }
}
