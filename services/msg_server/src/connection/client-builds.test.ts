import type { ClientClass } from '@teamtalk/protocol';
import { describe, expect, it } from 'vitest';
import { ClientBuilds } from './client-builds.js';

const client = (clientVersion: string, clientType = 1) => ({ clientType, clientVersion, isBot: false });
const connected = (userId: number, clientVersion: string, clientClass: ClientClass = 'pc') => ({
  ...client(clientVersion),
  userId,
  clientClass,
});
const shown = (builds: ClientBuilds, connections: Parameters<ClientBuilds['list']>[0] = []) =>
  builds
    .list(connections)
    .builds.map(({ clientVersion, users, connections: open, logins, faults, isCollective }) => ({
      version: isCollective ? 'others' : clientVersion,
      users,
      open,
      logins,
      faults: Object.fromEntries(faults),
    }));

describe('the builds of clients', () => {
  it('are counted by type and version: who is connected now, logins, and faults', () => {
    const builds = new ClientBuilds();
    for (const version of ['1', '1', '2']) builds.loggedIn(client(version));
    builds.fault(client('2'), 'body');
    builds.fault(client('2'), 'body');
    expect(shown(builds, [connected(7, '1'), connected(7, '1')])).toEqual([
      { version: '1', users: 1, open: 2, logins: 2, faults: {} },
      { version: '2', users: 0, open: 0, logins: 1, faults: { body: 2 } },
    ]);
  });

  it('of connections before their login are counted together', () => {
    const builds = new ClientBuilds();
    builds.fault(client('', 0), 'length-above-limit');
    expect(shown(builds)).toEqual([
      { version: 'others', users: 0, open: 0, logins: 0, faults: { 'length-above-limit': 1 } },
    ]);
  });

  it('are bounded: the longest unseen ones are counted together, and nothing is lost', () => {
    const builds = new ClientBuilds(2);
    builds.loggedIn(client('1'));
    builds.fault(client('1'), 'body');
    builds.loggedIn(client('2'));
    builds.loggedIn(client('1'));
    builds.loggedIn(client('3'));
    builds.loggedIn(client('4'));
    expect(shown(builds, [connected(7, '1'), connected(8, '4')])).toEqual([
      { version: '3', users: 0, open: 0, logins: 1, faults: {} },
      { version: '4', users: 1, open: 1, logins: 1, faults: {} },
      { version: 'others', users: 1, open: 1, logins: 3, faults: { body: 1 } },
    ]);
  });

  it('are summed up by class', () => {
    const { classes } = new ClientBuilds().list([
      connected(7, '1'),
      connected(8, '1'),
      connected(7, 'web/1', 'web'),
    ]);
    expect(classes).toEqual([
      { clientClass: 'pc', users: 2, connections: 2 },
      { clientClass: 'web', users: 1, connections: 1 },
    ]);
  });
});
