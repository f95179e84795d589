import { topics } from '@teamtalk/bus';
import { waitUntil } from '@teamtalk/local-stack';
import { Commands, encodeRawPdu, IM } from '@teamtalk/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FakeDbProxy } from '../../testing/fake-db-proxy.js';
import { FakeRouteServer } from '../../testing/fake-route-server.js';
import { TestServer } from '../../testing/test-server.js';

const { CLIENT_TYPE_WINDOWS, CLIENT_TYPE_MAC, CLIENT_TYPE_ANDROID } = IM.BaseDefine.ClientType;
const DUPLICATE_USER = IM.BaseDefine.KickReasonType.KICK_REASON_DUPLICATE_USER;

describe('login', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await TestServer.start();
  });
  afterAll(() => server.stop());

  it('answers with the whole user, and the route_servers know before the client does', async () => {
    let open = () => {};
    server.route.acksWaitFor = new Promise((resolve) => {
      open = resolve;
    });
    const client = await server.connect();
    const answered = client.logIn('u11', CLIENT_TYPE_MAC);
    await waitUntil(() => server.route.changes.some(({ userId }) => userId === 11), { what: 'the update' });
    expect(client.pending).toEqual([]);
    open();
    const answer = await answered;
    server.route.acksWaitFor = undefined;
    expect(answer).toMatchObject({
      resultCode: 0,
      onlineStatus: 1,
      userInfo: { userId: 11, userNickName: 'nick 11', userDomain: 'u11', avatarUrl: '', status: 0 },
    });
    expect(server.db.logins.at(-1)).toMatchObject({
      userName: 'u11',
      passwordMd5: 'secret',
      clientType: CLIENT_TYPE_MAC,
      address: '127.0.0.1',
    });
    expect(server.route.changes.find(({ userId }) => userId === 11)).toMatchObject({
      clientType: CLIENT_TYPE_MAC,
      online: true,
    });
  });

  it('delivers messages that arrive before the answer after it', async () => {
    let open = () => {};
    server.route.acksWaitFor = new Promise((resolve) => {
      open = resolve;
    });
    const client = await server.connect();
    const seqNum = await client.send(Commands.LoginReqUserlogin, {
      userName: 'u12',
      password: 'secret',
      onlineStatus: 1,
      clientType: CLIENT_TYPE_WINDOWS,
    });
    await waitUntil(() => server.route.changes.some(({ userId }) => userId === 12), { what: 'the update' });
    await server.route.deliver(server.node, server.store(900, 12, 'a'), server.store(900, 12, 'b'));
    open();
    await client.raw.next(({ commandId }) => commandId === Commands.LoginResUserlogin.id);
    server.route.acksWaitFor = undefined;
    await client.roundTrip();
    expect(seqNum).toBeGreaterThan(0);
    expect(client.messageIds).toEqual([1, 2]);
  });

  it.each([
    ['u13', 'wrong', 6, '用户名/密码错误'],
    ['locked', 'secret', 6, '用户名/密码错误次数太多'],
  ])('refuses %s / %s with code %i and closes', async (name, password, code, text) => {
    const client = await server.connect();
    const answer = await client.logIn(name, CLIENT_TYPE_WINDOWS, { password });
    expect(answer).toMatchObject({ resultCode: code, resultString: text });
    await client.raw.closed;
  });

  it('does not accept the login of a client that has gone', async () => {
    const before = await server.metric('sockets');
    const ids = Array.from({ length: 40 }, (_, i) => 200 + i);
    const clients = await Promise.all(ids.map(() => server.connect()));
    const answers = clients.map((client, i) => client.logIn(`u${ids[i]}`).catch(() => 'no answer'));
    // The server reads all of it at once, as after a stall.
    for (const { raw } of clients) raw.close();
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50);
    expect(new Set(await Promise.all(answers))).toEqual(new Set(['no answer']));
    await waitUntil(async () => (await server.metric('sockets')) <= before, {
      what: 'they are closed',
    });
    await server.logIn(240);
    expect(server.route.changes.filter(({ userId = 0 }) => ids.includes(userId ?? 0))).toEqual([]);
  });

  it('ignores a second login', async () => {
    const client = await server.logIn(14);
    const before = server.db.logins.length;
    await client.send(Commands.LoginReqUserlogin, {
      userName: 'u15',
      password: 'secret',
      onlineStatus: 1,
      clientType: CLIENT_TYPE_WINDOWS,
    });
    await client.ask(Commands.MsgTimeRequest, {}, Commands.MsgTimeResponse);
    expect(server.db.logins.length).toBe(before);
    expect(client.pending).toEqual([]);
  });

  it('handles PDUs sent right behind a login after it', async () => {
    const client = await server.connect();
    const answered = client.logIn('u16');
    const time = client.ask(Commands.MsgTimeRequest, {}, Commands.MsgTimeResponse);
    expect((await answered).resultCode).toBe(0);
    expect((await time).serverTime).toBeGreaterThan(1_700_000_000);
  });

  it('kicks the older connection of the same class, and only that', async () => {
    const pc = await server.logIn(17, CLIENT_TYPE_WINDOWS);
    const mobile = await server.logIn(17, CLIENT_TYPE_ANDROID);
    const newer = await server.logIn(17, CLIENT_TYPE_MAC);
    const kicked = await pc.receive(Commands.LoginKickUser);
    expect(kicked).toMatchObject({ userId: 17, kickReason: DUPLICATE_USER, seqNum: 0 });
    await pc.raw.closed;
    await mobile.roundTrip();
    await newer.roundTrip();
    expect([...mobile.pending, ...newer.pending]).toEqual([]);
    await waitUntil(
      () => server.route.changes.filter(({ userId, online }) => userId === 17 && !online).length === 1,
      { what: 'the kicked connection is announced as gone' },
    );
  });

  it('kicks by order of a route_server, the named connection only', async () => {
    const client = await server.logIn(18);
    const { connectionId } = server.route.changes.find(({ userId }) => userId === 18)!;
    server.route.send(server.node, { kick: { userId: 18, connectionId: connectionId! + 1, reason: 1 } });
    server.route.send(server.node, { kick: { userId: 18, connectionId, reason: 2 } });
    expect(await client.receive(Commands.LoginKickUser)).toMatchObject({ userId: 18, kickReason: 2 });
    await client.raw.closed;
  });

  it('answers concurrent logins of one user and kicks all but one', async () => {
    let open = () => {};
    server.route.acksWaitFor = new Promise((resolve) => {
      open = resolve;
    });
    const clients = await Promise.all(Array.from({ length: 5 }, () => server.connect()));
    const answers = clients.map((client) => client.logIn('u24'));
    const known = () => server.route.changes.filter(({ userId, online }) => userId === 24 && online);
    await waitUntil(() => known().length === clients.length, { what: 'all updates' });
    // The order that comes from a route_server while the login is not answered yet.
    const [first] = known();
    server.route.send(server.node, { kick: { userId: 24, connectionId: first!.connectionId, reason: 1 } });
    await server.bus.flush();
    open();
    server.route.acksWaitFor = undefined;
    for (const answer of answers)
      expect(await answer).toMatchObject({ resultCode: 0, userInfo: { userId: 24 } });
    const newest = known().reduce((a, b) => (a.loginSeq! > b.loginSeq! ? a : b));
    const ended = clients.map((client) => client.raw.closed.then(() => client.pending));
    await waitUntil(
      () => server.route.changes.filter(({ userId, online }) => userId === 24 && !online).length === 4,
      { what: 'four are gone' },
    );
    expect(
      server.route.changes.some(
        ({ connectionId, online }) => connectionId === newest.connectionId && online === false,
      ),
    ).toBe(false);
    let alive = 0;
    for (const [i, client] of clients.entries()) {
      const received = client.pending;
      if (received.length === 0) alive++;
      else expect(await ended[i]).toEqual([Commands.LoginKickUser.id]);
    }
    expect(alive).toBe(1);
  });

  it('is refused when the password changes while it is checked; older connections end, and newer ones do not', async () => {
    const before = await server.logIn(31, CLIENT_TYPE_WINDOWS);
    let open = () => {};
    server.db.loginsWaitFor = new Promise((resolve) => {
      open = resolve;
    });
    const checked = server.db.logins.length;
    const client = await server.connect();
    const answered = client.logIn('u31', CLIENT_TYPE_ANDROID);
    await waitUntil(() => server.db.logins.length > checked, { what: 'the check of the login' });
    server.bus.publish(topics.everyNode, { credentialsChanged: { userId: 31 } });
    expect(await before.receive(Commands.LoginKickUser)).toMatchObject({ userId: 31 });
    server.db.loginsWaitFor = undefined;
    open();
    expect(await answered).toMatchObject({
      resultCode: IM.BaseDefine.ResultType.REFUSE_REASON_NO_DB_SERVER,
    });
    const after = await server.logIn(31, CLIENT_TYPE_ANDROID);
    await after.roundTrip();
  });

  it('answers a logout, closes, and says that the user is gone', async () => {
    const client = await server.logIn(19);
    expect(await client.ask(Commands.LoginReqLoginout, {}, Commands.LoginResLoginout)).toMatchObject({
      resultCode: 0,
    });
    await client.raw.closed;
    await waitUntil(() => server.route.changes.some(({ userId, online }) => userId === 19 && !online), {
      what: 'the change is published',
    });
  });

  it('rejects an unknown client type', async () => {
    const client = await server.connect();
    await client.send(Commands.LoginReqUserlogin, {
      userName: 'u15',
      password: 'secret',
      onlineStatus: 1,
      clientType: 0x33 as IM.BaseDefine.ClientType,
    });
    await server.metricReaches('bad_pdus_total', { reason: 'body' }, 1);
    expect((await client.logIn('u15')).resultCode).toBe(0);
  });

  it('closes a connection that sends something else first', async () => {
    const client = await server.connect();
    await client.raw.send(encodeRawPdu(Commands.MsgTimeRequest.id, Buffer.alloc(0), 3));
    await client.raw.closed;
    expect(await server.metric('connections_closed_total', { reason: 'before-login' })).toBeGreaterThan(0);
  });

  it('closes a connection that does not log in, heartbeats or not', async () => {
    const hasty = await TestServer.start({ env: { LOGIN_TIMEOUT_MS: '1000' } });
    try {
      const client = await hasty.connect();
      await client.roundTrip();
      await client.raw.closed;
      expect(await hasty.metric('connections_closed_total', { reason: 'login-timeout' })).toBe(1);
    } finally {
      await hasty.stop();
    }
  });

  it('gives a consistent snapshot of its sessions', async () => {
    await server.logIn(20, CLIENT_TYPE_ANDROID);
    const { seq, sessions } = await server.route.snapshot(server.node);
    expect(seq).toBe(server.route.updates.at(-1)!.seq);
    expect(sessions.filter(({ userId }) => userId === 20)).toMatchObject([
      { clientType: CLIENT_TYPE_ANDROID, online: true },
    ]);
    expect(sessions.some(({ userId }) => userId === 19)).toBe(false);
  });

  it('numbers its presence changes without gaps', () => {
    let last = 0;
    for (const { seq, changes } of server.route.updates) {
      expect(seq - changes.length).toBe(last);
      last = seq;
    }
    expect(last).toBeGreaterThan(10);
  });
});

describe('login without what it needs', () => {
  it('is refused with 3 without a db_proxy_server', async () => {
    const server = await TestServer.start({ dbProxy: false });
    try {
      const client = await server.connect();
      expect((await client.logIn('u1')).resultCode).toBe(3);
      await client.raw.closed;
    } finally {
      await server.stop();
    }
  });

  it('uses the unary call with a db_proxy_server of the previous version', async () => {
    const server = await TestServer.start({ dbProxy: 'older' });
    try {
      for (const attempt of [1, 2]) {
        const client = await server.connect();
        expect((await client.logIn(`u${attempt}`)).resultCode).toBe(0);
      }
      const newer = await FakeDbProxy.start(server.bus);
      try {
        // Logins that both could check go to the one that takes them together.
        for (let user = 3; newer.logins.length === 0 && user < 100; user++) await server.logIn(user);
        expect(newer.logins.length).toBe(1);
      } finally {
        await newer.stop();
      }
    } finally {
      await server.stop();
    }
  });

  it('is refused with 5 without a route_server', async () => {
    const server = await TestServer.start({ routeServer: false });
    try {
      const client = await server.connect();
      expect((await client.logIn('u1')).resultCode).toBe(5);
      await client.raw.closed;
    } finally {
      await server.stop();
    }
  });

  it('is refused with 2 while the server is full', async () => {
    const server = await TestServer.start({ env: { MAX_CONNECTIONS: '2' } });
    try {
      const first = await server.logIn(1);
      await server.logIn(2);
      const third = await server.connect();
      expect((await third.logIn('u3')).resultCode).toBe(2);
      await third.raw.closed;
      await first.ask(Commands.LoginReqLoginout, {}, Commands.LoginResLoginout);
      await server.logIn(3);
    } finally {
      await server.stop();
    }
  });

  it('continues without a route_server that does not respond when another one does', async () => {
    const server = await TestServer.start();
    const silent = new FakeRouteServer(server.bus);
    silent.acks = false;
    try {
      await waitUntil(
        async () => {
          const client = await server.logIn(1);
          await client.ask(Commands.LoginReqLoginout, {}, Commands.LoginResLoginout);
          return silent.updates.length > 0;
        },
        { what: 'the silent one is known' },
      );
      // Users for whom the silent one was to act are published again for the other one to act.
      await Promise.all([2, 3, 4, 5].map((id) => server.logIn(id)));
      await waitUntil(
        () =>
          server.route.changes.length > 0 &&
          [2, 3, 4, 5].every((id) =>
            server.route.updates.some(
              ({ actingRouteServer, changes }) =>
                actingRouteServer === server.route.instance && changes.some(({ userId }) => userId === id),
            ),
          ),
        { what: 'the living one acts on every login' },
      );
    } finally {
      await silent.stop();
      await server.stop();
    }
  });

  it('limits logins in flight; waiting clients do not time out and are admitted in order', async () => {
    const server = await TestServer.start({ env: { MAX_LOGINS: '1', LOGIN_TIMEOUT_MS: '1000' } });
    let open = () => {};
    server.route.acksWaitFor = new Promise((resolve) => {
      open = resolve;
    });
    try {
      const answers: number[] = [];
      const logIn = async (id: number) => {
        const client = await server.connect();
        const answered = client.logIn(`u${id}`).then(({ resultCode }) => {
          answers.push(id);
          return resultCode;
        });
        return { client, answered };
      };
      const first = await logIn(1);
      await waitUntil(() => server.route.changes.some(({ userId }) => userId === 1), { what: 'the first' });
      const second = await logIn(2);
      await waitUntil(async () => (await server.metric('logins_waiting')) === 1, {
        what: 'the second waits',
      });
      const givesUp = await logIn(3).then(({ client, answered }) => ({
        client,
        answered: answered.catch(() => {}),
      }));
      await waitUntil(async () => (await server.metric('logins_waiting')) === 2, { what: 'the third waits' });
      const fourth = await logIn(4);
      await waitUntil(async () => (await server.metric('logins_waiting')) === 3, {
        what: 'the fourth waits',
      });
      givesUp.client.raw.close();
      // One that came after them and asks for nothing is closed: they have waited longer than that.
      await (await server.connect()).raw.closed;
      open();
      expect(await Promise.all([first, second, fourth].map(({ answered }) => answered))).toEqual([0, 0, 0]);
      expect(answers).toEqual([1, 2, 4]);
      expect(server.db.logins.map(({ userName }) => userName)).toEqual(['u1', 'u2', 'u4']);
    } finally {
      open();
      await server.stop();
    }
  });

  it('limits logins per second; a client that closed while waiting takes no turn', async () => {
    const server = await TestServer.start({ env: { LOGIN_RATE: '1', LOGIN_BURST: '2' } });
    try {
      const clients = await Promise.all([1, 2, 3, 4, 5].map(() => server.connect()));
      const begun = performance.now();
      const answers = clients.map(async (client, i) => {
        const { resultCode } = await client.logIn(`u${i + 1}`);
        return { resultCode, ms: performance.now() - begun };
      });
      const givenUp = answers[2]!.catch(() => 'gone');
      await Promise.all([answers[0], answers[1]]);
      await waitUntil(async () => (await server.metric('logins_waiting')) === 3, { what: 'three wait' });
      clients[2]!.raw.close();
      await waitUntil(async () => (await server.metric('logins_waiting')) < 3, { what: 'one has gone' });
      const [fourth, fifth] = await Promise.all([answers[3]!, answers[4]!]);
      expect([fourth.resultCode, fifth.resultCode, await givenUp]).toEqual([0, 0, 'gone']);
      expect(fourth.ms).toBeGreaterThan(900);
      expect(fifth.ms).toBeGreaterThan(1_900);
      expect(server.db.logins.map(({ userName }) => userName).sort()).toEqual(['u1', 'u2', 'u4', 'u5']);
      expect(await server.metric('login_wait_seconds', { le: '+Inf' })).toBe(2);
      expect(await server.metric('logins_waiting')).toBe(0);
    } finally {
      await server.stop();
    }
  });
});
