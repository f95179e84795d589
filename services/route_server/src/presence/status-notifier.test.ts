import type { Registry } from '@teamtalk/bus';
import { ClientType, Commands, decodeBody, HEADER_LENGTH } from '@teamtalk/protocol';
import { noEffects, PresenceTable } from '@teamtalk/routing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { NodeSender } from '../node-sender.js';
import { type FakeNode, online } from '../testing/fake-node.js';
import { TestRoutes } from '../testing/test-routes.js';
import { StatusNotifier } from './status-notifier.js';

let routes: TestRoutes;
beforeEach(async () => {
  routes = await TestRoutes.start();
});
afterEach(() => routes.stop());

const offline = (session: ReturnType<typeof online>) => ({ ...session, online: false });

/** The PC statuses a msg_server was sent for its mobile users, as [user, status]. */
function pcLogins(node: FakeNode): number[][] {
  return node.notifies().map(({ clientClass, pdu, userIds }) => {
    const { userId, loginStat } = decodeBody(
      Commands.BuddyListPcLoginStatusNotify,
      Buffer.from(pdu ?? []).subarray(HEADER_LENGTH),
    );
    expect({ clientClass, userIds }).toEqual({ clientClass: 2, userIds: [userId] });
    return [userId, loginStat];
  });
}

describe('0x0203', () => {
  it('is sent to every msg_server once, before the update is answered; a mobile alone is not online', async () => {
    await routes.a.change(online(1, 1, 1, ClientType.IOS), routes.instance);
    await routes.a.change(online(2, 2, 2), routes.instance);
    for (const node of [routes.a, routes.b]) expect(node.statuses()).toEqual([[2, 1]]);
  });

  it('is not sent when one of several PC connections ends', async () => {
    const [first, second] = [online(2, 2, 2), online(2, 3, 3)];
    await routes.a.change(first, routes.instance);
    await routes.b.change(second, routes.instance);
    await routes.a.change(offline(first), routes.instance);
    await routes.b.change(offline(second), routes.instance);
    expect(routes.a.statuses()).toEqual([
      [2, 1],
      [2, 2],
    ]);
  });

  it.each(['login', 'logout'])(
    'of a %s is sent by another route_server when the one that was to send it is gone',
    async (which) => {
      await routes.add();
      const session = online(5, 1, 1);
      if (which === 'logout') await routes.a.change(session, routes.instance);
      const change = which === 'login' ? session : offline(session);
      await routes.a.changeFor(4711, change, 2);
      const before = routes.b.statuses().length;
      await routes.a.change(change, routes.services[1]!.instance, true);
      expect(routes.b.statuses().slice(before)).toEqual([[5, which === 'login' ? 1 : 2]]);
    },
  );

  it('is sent for the users of a msg_server that dies', async () => {
    await routes.a.change(online(5, 1, 1), routes.instance);
    await routes.a.stop();
    await expect
      .poll(() => routes.b.statuses())
      .toEqual([
        [5, 1],
        [5, 2],
      ]);
  });

  it('is not sent again for everybody when a route_server starts', async () => {
    const session = online(5, 1, 1);
    routes.a.snapshot.push(session);
    await routes.a.change(session, routes.instance);
    const { instance } = await routes.add();
    await routes.a.change(online(6, 2, 2), instance);
    expect(routes.b.statuses()).toEqual([
      [5, 1],
      [6, 1],
    ]);
    // The new one knows what has been sent.
    await routes.a.change(offline(session), instance);
    expect(routes.b.statuses().at(-1)).toEqual([5, 2]);
  });

  it('that is pending is sent when a route_server stops', async () => {
    const table = new PresenceTable();
    const effects = noEffects();
    table.add({ ...online(5, 1, 1), clientClass: 'pc', node: 77 }, effects);
    const sent: unknown[] = [];
    const nodes = {
      send: (...event: unknown[]) => sent.push(event),
      announceStatus: (event: unknown) => sent.push(event),
    } as unknown as NodeSender;
    const msgServers = { all: () => [{ instance: 77 }] } as unknown as Registry;
    const statuses = new StatusNotifier(table, nodes, msgServers);
    statuses.begin();
    const told = statuses.tell(effects);
    statuses.stop();
    const changes = [{ userId: 5, status: 1 }];
    expect(sent).toEqual([[77, { status: { changes } }], { changes }]);
    await told;
  });
});

describe('0x020e', () => {
  it('tells a user’s mobile that their PC came and went, and nobody else', async () => {
    const pc = online(1, 2, 2);
    await routes.b.change(online(1, 1, 1, ClientType.ANDROID), routes.instance);
    await routes.b.change(online(2, 3, 3, ClientType.ANDROID), routes.instance);
    await routes.a.change(pc, routes.instance);
    expect(pcLogins(routes.b)).toEqual([[1, 1]]);
    await routes.a.change(offline(pc), routes.instance);
    expect(pcLogins(routes.b)).toEqual([
      [1, 1],
      [1, 2],
    ]);
    expect(pcLogins(routes.a)).toEqual([]);
  });

  it('is sent to a mobile that logs in while the PC is online, and not to one that logs in alone', async () => {
    await routes.a.change(online(1, 1, 1, ClientType.MAC), routes.instance);
    await routes.b.change(online(1, 2, 2, ClientType.IOS), routes.instance);
    await routes.b.change(online(2, 3, 3, ClientType.IOS), routes.instance);
    expect(pcLogins(routes.b)).toEqual([[1, 1]]);
  });
});
