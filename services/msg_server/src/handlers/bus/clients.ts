import type { teamtalk } from '@teamtalk/bus';
import type { Context } from '../../context.js';

/** ClientsQuery: the programs that clients run here, and what they did wrong. */
export function answerClients({ metrics, users }: Pick<Context, 'metrics' | 'users'>) {
  return (): teamtalk.bus.Clients.$Properties => {
    const { builds, classes } = metrics.builds.list(users.connections());
    return {
      since: metrics.builds.since,
      classes,
      builds: builds.map(({ clientVersion, isBot, isCollective, faults, ...shown }) => ({
        ...shown,
        version: clientVersion,
        bot: isBot,
        collective: isCollective,
        faults: [...faults].map(([fault, count]) => ({ fault, count })),
      })),
    };
  };
}
