import type { teamtalk } from '@teamtalk/bus';
import type { Context } from '../../context.js';

/** How old an answer may be that is given again, milliseconds: every admin_server asks, and it looks at all connections. */
const freshMs = 2_000;

/** ClientsQuery: the programs that clients run here, and what has been counted of them and is not recorded yet. */
export function answerClients({ metrics, users }: Pick<Context, 'metrics' | 'users'>) {
  let last: { at: number; answer: teamtalk.bus.Clients.$Properties } | undefined;
  return (): teamtalk.bus.Clients.$Properties => {
    const now = performance.now();
    if (!last || now - last.at > freshMs) last = { at: now, answer: answer() };
    return last.answer;
  };

  function answer(): teamtalk.bus.Clients.$Properties {
    const { builds, classes } = metrics.builds.list(users.connections());
    return {
      classes,
      builds: builds.map(({ clientVersion, isBot, faults, ...shown }) => ({
        ...shown,
        version: clientVersion,
        bot: isBot,
        faults: [...faults].map(([fault, count]) => ({ fault, count })),
      })),
    };
  }
}
