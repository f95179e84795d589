import { Registry, topics } from '@teamtalk/bus';
import { waitUntil } from '@teamtalk/local-stack';
import { Commands } from '@teamtalk/protocol';
import { createKit } from '@teamtalk/service-kit';
import { describe, expect, it } from 'vitest';
import { TestServer } from './testing/test-server.js';

describe('msg_server', () => {
  it('publishes heartbeats with its load, and deregisters', async () => {
    const server = await TestServer.start({ env: { ADVERTISE_IP1: '10.0.0.1', MAX_CONNECTIONS: '77' } });
    const { log } = createKit('test', { logLevel: 'silent', shutdownMs: 1_000 });
    const registry = new Registry(server.bus, log, 'msg_server');
    const heard: string[] = [];
    server.bus.subscribe(topics.heartbeat('msg_server'), ({ service, draining, stopping }) => {
      if (service === 'msg_server') heard.push(stopping ? 'stopping' : draining ? 'draining' : 'serving');
    });
    try {
      await server.logIn(1);
      const latest = () => registry.get(server.node);
      await waitUntil(() => latest()?.connections === 1 && latest()?.presenceSeq === 1, {
        what: 'the heartbeat',
      });
      expect(latest()).toMatchObject({
        ip1: '10.0.0.1',
        ip2: '10.0.0.1',
        port: server.service.ports.client,
        maxConnections: 77,
        onlineUsers: 1,
        presenceSeq: 1,
      });
      await server.service.stop();
      await waitUntil(() => registry.get(server.node) === undefined, { what: 'the deregistration' });
      expect(new Set(heard)).toEqual(new Set(['serving', 'draining', 'stopping']));
      expect(heard.at(-1)).toBe('stopping');
    } finally {
      registry.stop();
      await server.stop();
    }
  });

  it('ends its clients when it stops, after what they sent is acknowledged', async () => {
    const server = await TestServer.start();
    try {
      const [busy, idle] = [await server.logIn(1), await server.logIn(2)];
      let open = () => {};
      server.db.resultsWaitFor = new Promise((resolve) => {
        open = resolve;
      });
      const seqNum = await busy.sendText(2, 'the last one');
      await waitUntil(() => server.db.stored.length === 1, { what: 'the message is stored' });
      const stopped = server.service.stop();
      await idle.raw.closed;
      expect(busy.raw.isOpen).toBe(true);
      open();
      expect(await busy.receive(Commands.MsgDataAck)).toMatchObject({ seqNum, msgId: 1 });
      await busy.raw.closed;
      await stopped;
      expect(server.route.changes.filter(({ online }) => !online)).toHaveLength(2);
    } finally {
      await server.stop();
    }
  });

  it('disconnects its clients after an event-loop stall, and ignores what they sent meanwhile', async () => {
    const server = await TestServer.start();
    try {
      const [sender, idle] = [await server.logIn(1), await server.logIn(2)];
      const stranger = await server.connect();
      const before = server.db.logins.length;
      const sent = [sender.sendText(2, 'too late'), stranger.logIn('u3').catch(() => 'cut off')];
      // Blocks the event loop for longer than other services wait for a heartbeat.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2_700);
      await Promise.all([sender, idle, stranger].map(({ raw }) => raw.closed));
      expect(await sent[1]).toBe('cut off');
      await waitUntil(() => server.route.changes.filter(({ online }) => !online).length === 2, {
        what: 'the route_servers know',
      });
      expect(await server.metric('connections_closed_total', { reason: 'stood-still' })).toBe(3);
      await server.logIn(1);
      expect(server.db.stored).toEqual([]);
      expect(server.db.logins.slice(before).map(({ userName }) => userName)).toEqual(['u1']);
    } finally {
      await server.stop();
    }
  });

  it('disconnects its clients in a new store epoch, then delivers reused ids and rejects older batches', async () => {
    const server = await TestServer.start();
    try {
      const { route, node } = server;
      const client = await server.logIn(1);
      route.storeEpoch = 7;
      const [first, second, third] = ['a', 'b', 'c'].map((text) => server.store(9, 1, text));
      await route.deliver(node, first!, second!, third!);
      await client.roundTrip();
      expect(client.messageIds).toEqual([1, 2, 3]);

      // The database has lost all but the first, and gives the second's number again.
      route.storeEpoch = 8;
      await route.deliver(node, second!);
      await client.raw.closed;
      expect(await server.metric('connections_closed_total', { reason: 'store-changed' })).toBe(1);
      const back = await server.logIn(1);
      await route.deliver(node, second!);
      await back.roundTrip();
      expect(back.messageIds).toEqual([2]);

      // A replica that has not noticed yet: what it sends is not delivered, and not answered either.
      route.storeEpoch = 7;
      route.deliverMs = 300;
      await expect(route.deliver(node, third!)).rejects.toMatchObject({ code: 'deadline-exceeded' });
      await back.roundTrip();
      expect(back.messageIds).toEqual([2]);
    } finally {
      await server.stop();
    }
  });

  it('ends the connections that a route_server missed before it sends a snapshot', async () => {
    const server = await TestServer.start();
    try {
      const [missed, known] = [await server.logIn(1), await server.logIn(2)];
      const { sessions } = await server.route.snapshot(server.node);
      const { connectionId } = sessions.find(({ userId }) => userId === 1)!;
      const left = await server.route.snapshot(server.node, [connectionId!]);
      expect(left.sessions.map(({ userId }) => userId)).toEqual([2]);
      await missed.raw.closed;
      expect(known.raw.isOpen).toBe(true);
      // The end is a change of its own, and in the snapshot.
      expect(left.seq).toBe(3);
    } finally {
      await server.stop();
    }
  });

  it('is ready only while it knows a db_proxy_server and a route_server', async () => {
    const server = await TestServer.start();
    try {
      expect(server.service.health.report().ready).toBe(true);
      await server.route.stop();
      await waitUntil(() => !server.service.health.report().ready, { what: 'not ready' });
      expect(server.service.health.report().dependencies).toEqual({
        nats: 'up',
        db_proxy_server: 'up',
        route_server: 'down',
      });
    } finally {
      await server.stop();
    }
  });
});
