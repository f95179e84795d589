import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createGroup, TestCluster } from '@teamtalk/cluster';
import { addWebhook, openDataSource } from '@teamtalk/db_proxy_server';
import { waitUntil } from '@teamtalk/local-stack';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CollectedSpan, Collector } from './collector.js';

const hops = { 'send message': 1, 'store message': 1, 'route message': 1 };

/** The only span of that name. */
function only(spans: readonly CollectedSpan[], name: string): CollectedSpan {
  const found = spans.filter((span) => span.name === name);
  expect(found, name).toHaveLength(1);
  return found[0] as CollectedSpan;
}

/** The spans of a message, each the parent of the next, and the msg_servers that delivered it. */
function expectWay(
  spans: readonly CollectedSpan[],
  origin: string,
): { send: CollectedSpan; nodes: string[] } {
  const [send, store, route] = Object.keys(hops).map((name) => only(spans, name)) as [
    CollectedSpan,
    CollectedSpan,
    CollectedSpan,
  ];
  const deliveries = spans.filter((span) => span.name === 'deliver message');
  expect(send).toMatchObject({ service: origin, parentSpanId: '', events: ['ack'], failed: false });
  expect(store).toMatchObject({ service: 'db_proxy_server', parentSpanId: send.spanId, failed: false });
  expect(route).toMatchObject({ service: 'route_server', parentSpanId: store.spanId, failed: false });
  for (const delivery of deliveries) {
    expect(delivery).toMatchObject({ service: 'msg_server', parentSpanId: route.spanId });
  }
  expect(spans).toHaveLength(3 + deliveries.length);
  return { send, nodes: deliveries.map(({ instance }) => instance).sort() };
}

describe('two of each service and a collector', () => {
  let collector: Collector;
  let cluster: TestCluster;
  let ids: Record<'ann' | 'ben' | 'cleo', number>;

  beforeAll(async () => {
    collector = await Collector.start();
    cluster = await TestCluster.start({
      mode: 'processes',
      db_proxy_server: 2,
      route_server: 2,
      msg_server: 2,
      http_msg_server: 2,
      env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_RESOURCE_ATTRIBUTES: 'site=a%20b' },
      envOf: { db_proxy_server: { DIRECT_DELIVERY: 'false' } },
    });
    ids = await cluster.addUsers(['ann', 'ben', 'cleo']);
  }, 60_000);
  afterAll(async () => {
    await cluster?.stop();
    await collector?.stop();
  });

  const nodes = () =>
    [0, 1].map((k) => cluster.node('msg_server', k).instance.toString(16).padStart(8, '0')).sort();

  it('follow a message from the sender’s PDU to both msg_servers, and know its batch', async () => {
    const ann = await cluster.connect('ann', { server: 0 });
    const ben = await cluster.connect('ben', { server: 1 });
    const { msgId } = await ann.send({ user: ids.ben }, 'x');
    await ben.nextMessage();
    const root = await collector.span(({ name }) => name === 'send message');
    const spans = await collector.trace(root.traceId, { ...hops, 'deliver message': 2 });
    const way = expectWay(spans, 'msg_server');
    expect(way.nodes).toEqual(nodes());
    expect(way.send.attributes).toMatchObject({
      'teamtalk.from_user_id': ids.ann,
      'teamtalk.to_user_id': ids.ben,
      'teamtalk.msg_id': msgId,
    });
    // The id in the logs, with zeros before it.
    expect(root.traceId).toBe(`${way.send.attributes['teamtalk.trace']}`.padStart(32, '0'));
    const store = only(spans, 'store message');
    const commit = await collector.span(({ name, links }) => {
      return name === 'commit batch' && links.some(({ traceId }) => traceId === root.traceId);
    });
    expect(store.links).toMatchObject([{ traceId: commit.traceId, spanId: commit.spanId }]);
    expect(commit.links).toMatchObject([{ traceId: root.traceId, spanId: store.spanId }]);
  });

  it('follow a message to a group with members on both', async () => {
    const ann = await cluster.connect('ann', { server: 0 });
    const cleo = await cluster.connect('cleo', { server: 1 });
    const group = await createGroup(ann, [ids.ann, ids.ben, ids.cleo]);
    await ann.send({ group }, 'x');
    await cleo.nextMessage();
    const root = await collector.span(({ attributes }) => attributes['teamtalk.group_id'] === group);
    const spans = await collector.trace(root.traceId, { ...hops, 'deliver message': 2 });
    expect(expectWay(spans, 'msg_server').nodes).toEqual(nodes());
  });

  it('continue the caller’s trace, and point from there to the message’s', async () => {
    const traceId = 'a'.repeat(32);
    const parentSpanId = 'b'.repeat(16);
    const response = await fetch(`${cluster.url('http_msg_server', 1)}/query/SendP2PMessage`, {
      method: 'POST',
      headers: { traceparent: `00-${traceId}-${parentSpanId}-01` },
      body: JSON.stringify({ from_user_id: ids.ann, session_id: ids.ben, msg: 'x' }),
    });
    expect(await response.json()).toMatchObject({ error_code: 0 });
    const request = await collector.span((span) => span.traceId === traceId);
    expect(request).toMatchObject({
      service: 'http_msg_server',
      name: 'POST /query/SendP2PMessage',
      parentSpanId,
      attributes: { 'http.response.status_code': 200 },
    });
    const message = request.links[0] as { traceId: string };
    const { send } = expectWay(
      await collector.trace(message.traceId, { ...hops, 'deliver message': 2 }),
      'http_msg_server',
    );
    expect(send.links).toMatchObject([{ traceId, spanId: request.spanId }]);
    expect(message).toMatchObject({ spanId: send.spanId });
  });

  it('leave alone what the caller does not want to be traced', async () => {
    const before = collector.spans.length;
    const traceId = 'c'.repeat(32);
    await fetch(`${cluster.url('http_msg_server')}/query/SendP2PMessage`, {
      method: 'POST',
      headers: { traceparent: `00-${traceId}-${'d'.repeat(16)}-00` },
      body: JSON.stringify({ from_user_id: ids.ann, session_id: ids.cleo, msg: 'not traced' }),
    });
    await cluster.settle();
    // A traced message follows the untraced one.
    const ann = await cluster.connect('ann', { server: 1 });
    const { msgId } = await ann.send({ user: ids.cleo }, 'traced');
    expect(msgId).toBe(2);
    await collector.span(
      ({ attributes }) =>
        attributes['teamtalk.msg_id'] === msgId && attributes['teamtalk.to_user_id'] === ids.cleo,
    );
    const later = collector.spans.slice(before);
    expect(later.filter((span) => span.traceId === traceId)).toEqual([]);
    expect(later.filter(({ attributes }) => attributes['teamtalk.msg_id'] === 1)).toEqual([]);
  });

  it('follow a kick from HTTP over NATS to the msg_server that has the user', async () => {
    const key = await cluster.addApp('ops', { permissions: ['sessions:admin'] });
    await cluster.connect('cleo', { server: 1 });
    const http = cluster.url('http_msg_server');
    const authorization = `Bearer ${key}`;
    // An unknown key is looked up again after 250 ms at the earliest; this one has no permission for statistics.
    await expect
      .poll(async () => (await fetch(`${http}/v1/statistics`, { headers: { authorization } })).status)
      .toBe(403);
    const traceId = 'e'.repeat(32);
    const response = await fetch(`${http}/v1/users/${ids.cleo}/kick`, {
      method: 'POST',
      headers: {
        authorization,
        traceparent: `00-${traceId}-${'f'.repeat(16)}-01`,
        'content-type': 'application/json',
      },
      body: '{}',
    });
    expect(response.status).toBe(204);
    const node = { service: 'msg_server', name: 'nats node' };
    await collector.span((span) => span.traceId === traceId && span.service === node.service);
    const spans = await collector.trace(traceId, { 'POST /v1/users/{user_id}/kick': 1, 'nats kick': 2 });
    const way = [
      { service: 'http_msg_server', name: 'POST /v1/users/{user_id}/kick' },
      { service: 'http_msg_server', name: 'nats kick' },
      { service: 'route_server', name: 'nats kick' },
      node,
    ];
    let parentSpanId = 'f'.repeat(16);
    for (const station of way) {
      const span = spans.find((each) => each.parentSpanId === parentSpanId && each.name === station.name);
      expect(span).toMatchObject(station);
      parentSpanId = span?.spanId ?? '';
    }
  });

  it('follow a message to a bot up to the webhook, which is told by a header', async () => {
    const posts: IncomingHttpHeaders[] = [];
    const receiver = createServer((request, response) => {
      posts.push(request.headers);
      response.end();
    });
    await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
    const dataSource = await openDataSource(cluster.database.url);
    try {
      const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`;
      await addWebhook(dataSource, { name: 'hook', url, events: ['message'], botId: ids.ben });
      const ann = await cluster.connect('ann');
      // Known to the db_proxy_servers after a second.
      await waitUntil(
        async () => {
          await ann.send({ user: ids.ben }, 'are you there?');
          return posts.length > 0;
        },
        { everyMs: 300, timeoutMs: 20_000, what: 'the first post' },
      );
      const [, traceId = '', spanId] = String(posts[0]?.traceparent).split('-');
      const spans = await collector.trace(traceId, { ...hops, 'POST webhook': 1 });
      const store = only(spans, 'store message');
      expect(only(spans, 'POST webhook')).toMatchObject({
        service: 'http_msg_server',
        spanId,
        parentSpanId: store.spanId,
      });
    } finally {
      await dataSource.destroy();
      receiver.close();
    }
  });

  it('follow a login through gRPC and NATS', async () => {
    await cluster.connect('cleo', { server: 1 });
    const login = await collector.span(({ name }) => name === 'PDU login');
    const spans = await collector.trace(login.traceId, {
      'teamtalk.db.Accounts/LogIn': 2,
      'nats presence.update': 3,
    });
    const below = (parent: CollectedSpan) =>
      spans.filter(({ parentSpanId }) => parentSpanId === parent.spanId);
    const [call] = below(login).filter(({ name }) => name.endsWith('/LogIn'));
    expect(below(call as CollectedSpan)).toMatchObject([{ service: 'db_proxy_server' }]);
    const [asked] = below(login).filter(({ name }) => name === 'nats presence.update');
    expect(below(asked as CollectedSpan).map(({ service }) => service)).toEqual([
      'route_server',
      'route_server',
    ]);
  });
});

it('a message that goes directly says so, and is followed to both msg_servers', async () => {
  const collector = await Collector.start();
  const cluster = await TestCluster.start({
    msg_server: 2,
    env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url },
  });
  try {
    const ids = await cluster.addUsers(['ann', 'ben']);
    const ann = await cluster.connect('ann', { server: 0 });
    await cluster.connect('ben', { server: 1 });
    const direct = () => cluster.metric('db_proxy_server', 0, 'batches_sent_total', { way: 'direct' });
    await waitUntil(
      async () => {
        await ann.send({ user: ids.ben }, 'is it ready?');
        return (await direct()) > 0;
      },
      { timeoutMs: 20_000, what: 'direct delivery' },
    );
    const way = await collector.span(({ name }) => name === 'send message directly');
    const spans = await collector.trace(way.traceId, { 'store message': 1, 'deliver message': 2 });
    expect(way).toMatchObject({
      service: 'db_proxy_server',
      parentSpanId: only(spans, 'store message').spanId,
      attributes: { 'teamtalk.way': 'direct', 'teamtalk.batch.msg_servers': 2 },
      failed: false,
    });
    const delivered = spans.filter(({ name }) => name === 'deliver message');
    expect(delivered.map(({ parentSpanId }) => parentSpanId)).toEqual([way.spanId, way.spanId]);
    expect(spans.filter(({ name }) => name === 'route message')).toEqual([]);
  } finally {
    await cluster.stop();
    await collector.stop();
  }
});

it('a collector that does not answer costs spans and no message', async () => {
  const collector = await Collector.start();
  collector.hangs = true;
  const cluster = await TestCluster.start({ env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url } });
  const failed = () => cluster.metric('msg_server', 0, 'trace_spans_total', { outcome: 'failed' });
  try {
    const ids = await cluster.addUsers(['ann', 'ben']);
    const ann = await cluster.connect('ann');
    const ben = await cluster.connect('ben');
    // All services export their first spans, those of the logins.
    await waitUntil(() => collector.held >= 2, { timeoutMs: 20_000, what: 'requests that hang' });
    for (let i = 0; i < 20; i++) {
      await ann.send({ user: ids.ben }, `message ${i}`);
      await ben.nextMessage();
    }
    // If a service had waited for the collector, the request would have timed out.
    expect(await failed()).toBe(0);
    collector.resume();
    await waitUntil(async () => (await failed()) > 0, { timeoutMs: 20_000, what: 'failed spans' });
    await collector.span(({ name }) => name === 'deliver message');
  } finally {
    await cluster.stop();
    await collector.stop();
  }
});
