import type { teamtalk } from '@teamtalk/bus';
import { asBuffer } from '../../bytes.js';
import type { Context } from '../../context.js';

/** Broadcast: writes PDUs to every logged-in connection. */
export function broadcast({ users }: Context) {
  return ({ pdus }: teamtalk.bus.Broadcast.$Properties): void => {
    if (!pdus || pdus.length === 0) return;
    const together = Buffer.concat(pdus.map(asBuffer));
    for (const connection of users.connections()) connection.push(together);
  };
}
