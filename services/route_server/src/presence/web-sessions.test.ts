import { topics } from '@teamtalk/bus';
import { waitUntil } from '@teamtalk/local-stack';
import { ClientType } from '@teamtalk/protocol';
import { afterEach, describe, expect, it } from 'vitest';
import { botOnline, online, webOnline } from '../testing/fake-node.js';
import { TestRoutes } from '../testing/test-routes.js';

const kickByMobile = { userId: 1, clientClass: 1, reason: 2 };

let routes: TestRoutes;
afterEach(() => routes.stop());

/** Kicks sent to each msg_server. */
const kicks = () => [routes.a, routes.b].map(({ events }) => events.flatMap(({ kick }) => kick ?? []));
const kicked = () => kicks().map((each) => each.map(({ connectionId }) => connectionId));

describe('web sessions', () => {
  it('neither kick nor are kicked by other sessions; the sixth kicks the oldest', async () => {
    routes = await TestRoutes.start();
    await routes.a.change(online(1, 1, 1), routes.instance);
    await routes.b.change(online(1, 2, 2, ClientType.ANDROID), routes.instance);
    for (const seq of [3, 4, 5, 6, 7]) await routes.b.change(webOnline(1, seq, seq), routes.instance);
    await routes.a.change(online(1, 8, 8), routes.instance);
    await routes.a.change(webOnline(1, 9, 9), routes.instance);
    await waitUntil(() => kicked().flat().length === 2, { what: 'two kicks' });
    expect(kicked()).toEqual([[1], [3]]);
    expect(kicks()[1]).toMatchObject([{ userId: 1, reason: 1, knowsWeb: true }]);
  });

  it('are also known from snapshots', async () => {
    routes = await TestRoutes.start();
    for (const session of [webOnline(1, 3, 3), online(2, 4, 4)]) {
      routes.b.snapshot.push(session);
      await routes.b.change(session, routes.instance);
    }
    const { instance } = await routes.add();
    await routes.a.change(online(1, 5, 5), instance);
    await routes.a.change(online(2, 6, 6), instance);
    await waitUntil(() => kicked().flat().length === 1, { what: 'the kick' });
    expect(kicked()).toEqual([[], [4]]);
  });

  it('count as PC: others are notified, and a mobile client kicks them with the PC', async () => {
    routes = await TestRoutes.start();
    await routes.a.change(online(1, 1, 1, ClientType.IOS), routes.instance);
    await routes.a.change(webOnline(1, 2, 2), routes.instance);
    await routes.b.change(online(1, 3, 3), routes.instance);
    await routes.b.change({ ...online(1, 3, 3), online: false }, routes.instance);
    expect(routes.b.statuses()).toEqual([[1, 1]]);
    const { sessions } = await routes.bus.request(topics.sessionsQuery, { userIds: [1] }, 2000);
    expect(sessions?.map(({ clientType, web }) => [clientType, web])).toEqual([
      [ClientType.IOS, false],
      [ClientType.WINDOWS, true],
    ]);
    await routes.bus.request(topics.kickUser, kickByMobile, 2000);
    await waitUntil(() => kicked().flat().length === 1, { what: 'the kick' });
    expect(kicks()[0]).toMatchObject([{ connectionId: 2, reason: 2 }]);
  });

  it('do not count as PC if so configured', async () => {
    routes = await TestRoutes.start({ WEB_COUNTS_AS_PC: 'false' });
    await routes.a.change(webOnline(1, 2, 2), routes.instance);
    const { status } = await routes.bus.request(topics.presenceQuery, { userIds: [1] }, 2000);
    expect(status).toEqual([2]);
    await routes.b.change(online(1, 3, 3), routes.instance);
    expect(routes.b.statuses()).toEqual([[1, 1]]);
    await routes.bus.request(topics.kickUser, kickByMobile, 2000);
    await waitUntil(() => kicked().flat().length === 1, { what: 'the kick' });
    expect(kicked()).toEqual([[], [3]]);
    // The HTTP API kicks all classes.
    await routes.bus.request(topics.kickUser, { userId: 1, clientClass: 0, reason: 0 }, 2000);
    await waitUntil(() => kicked().flat().length === 3, { what: 'the kicks' });
    expect(kicked()).toEqual([[2], [3, 3]]);
  });
});

it('a bot can be at several msg_servers, and is online even if web sessions do not count', async () => {
  routes = await TestRoutes.start({ WEB_COUNTS_AS_PC: 'false' });
  for (let seq = 1; seq <= 6; seq++) await routes.a.change(botOnline(1, seq, seq), routes.instance);
  for (let seq = 7; seq <= 21; seq++) await routes.b.change(botOnline(1, seq, seq), routes.instance);
  await waitUntil(() => kicked().flat().length === 1, { what: 'the kick' });
  expect(kicks()[0]).toMatchObject([{ connectionId: 1, reason: 1, knowsBots: true }]);
  const { status } = await routes.bus.request(topics.presenceQuery, { userIds: [1] }, 2000);
  expect(status).toEqual([1]);
});
