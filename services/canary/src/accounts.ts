/** Prefix of account names: canary-1 and so on. */
export const canaryPrefix = 'canary-';

/**
 * Spreads accounts evenly over servers. An account stays at its server while that is known and has no more than its share
 * of accounts.
 * @param present the current server of each account; undefined: none yet
 * @returns the new server of each account; undefined only if there are no servers
 */
export function spread(
  present: readonly (string | undefined)[],
  servers: readonly string[],
): (string | undefined)[] {
  const counts = new Map(servers.map((server) => [server, 0]));
  const share = Math.ceil(present.length / Math.max(servers.length, 1));
  const given = present.map((server) => {
    const count = server === undefined ? undefined : counts.get(server);
    if (server === undefined || count === undefined || count >= share) return undefined;
    counts.set(server, count + 1);
    return server;
  });
  return given.map((server) => {
    if (server !== undefined) return server;
    const [emptiest] = [...counts].sort(([, a], [, b]) => a - b)[0] ?? [];
    if (emptiest !== undefined) counts.set(emptiest, counts.get(emptiest)! + 1);
    return emptiest;
  });
}
