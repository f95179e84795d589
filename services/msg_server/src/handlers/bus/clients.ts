import type { teamtalk } from '@teamtalk/bus';
import type { Context } from '../../context.js';

/** ClientsQuery: the programs that clients run here, and what has been counted of them and is not recorded yet. */
export function answerClients({ metrics, users }: Pick<Context, 'metrics' | 'users'>) {
  return (): teamtalk.bus.Clients.$Properties => {
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
  };
}
