import type { ClientClass } from '@teamtalk/protocol';
import { describe, expect, it } from 'vitest';
import { ClientBuilds, type Growth } from './client-builds.js';

const client = (clientVersion: string, clientType = 1) => ({ clientType, clientVersion, isBot: false });
const connected = (userId: number, clientVersion: string, clientClass: ClientClass = 'pc') => ({
  ...client(clientVersion),
  userId,
  clientClass,
});
const shown = (growth: readonly Growth[]) =>
  growth.map(({ clientType, clientVersion, logins, faults }) => ({
    version: clientType === 0 ? 'others' : clientVersion,
    logins,
    faults: Object.fromEntries(faults),
  }));

describe('the builds of clients', () => {
  it('are counted by type and version: logins, faults, and who is connected', () => {
    const builds = new ClientBuilds();
    for (const version of ['1', '1', '2']) builds.loggedIn(client(version));
    builds.fault(client('2'), 'body');
    builds.fault(client('2'), 'body');
    const { builds: listed } = builds.list([connected(7, '1'), connected(7, '1'), connected(8, '3')]);
    expect(
      listed.map(({ clientVersion, users, connections }) => [clientVersion, users, connections]),
    ).toEqual([
      ['1', 1, 2],
      ['3', 1, 1],
      ['2', 0, 0],
    ]);
    expect(shown(builds.take())).toEqual([
      { version: '1', logins: 2, faults: {} },
      { version: '2', logins: 1, faults: { body: 2 } },
    ]);
    expect(builds.take()).toEqual([]);
  });

  it('are counted again when they could not be recorded', () => {
    const builds = new ClientBuilds();
    builds.loggedIn(client('1'));
    builds.fault(client('1'), 'body');
    const taken = builds.take();
    builds.loggedIn(client('1'));
    builds.giveBack(taken);
    expect(shown(builds.take())).toEqual([{ version: '1', logins: 2, faults: { body: 1 } }]);
  });

  it('of connections before their login are counted together', () => {
    const builds = new ClientBuilds();
    builds.fault(client('', 0), 'length-above-limit');
    expect(shown(builds.take())).toEqual([
      { version: 'others', logins: 0, faults: { 'length-above-limit': 1 } },
    ]);
  });

  it('are bounded: further ones are counted together, and nothing is lost', () => {
    const builds = new ClientBuilds(2);
    for (const version of ['1', '2', '3', '4', '1']) builds.loggedIn(client(version));
    const online = ['1', '2', '3', '4'].map((version, k) => connected(k + 1, version));
    expect(builds.list(online).builds.map(({ clientVersion, users }) => [clientVersion, users])).toEqual([
      ['1', 1],
      ['2', 1],
      ['', 2],
    ]);
    expect(shown(builds.take())).toEqual([
      { version: '1', logins: 2, faults: {} },
      { version: '2', logins: 1, faults: {} },
      { version: 'others', logins: 2, faults: {} },
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
