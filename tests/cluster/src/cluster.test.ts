import { isAlive, waitUntil } from '@teamtalk/local-stack';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestCluster } from './cluster.js';

describe('a cluster of processes', () => {
  let cluster: TestCluster;

  beforeAll(async () => {
    cluster = await TestCluster.start({ mode: 'processes', db_proxy_server: 2, login_server: 1 });
    await cluster.addUsers(['ann', 'ben']);
  });

  afterAll(() => cluster?.stop());

  it('goes on after a kill -9, and takes a new instance in on the same ports', async () => {
    const dead = cluster.node('db_proxy_server', 0);
    await cluster.kill('db_proxy_server', 0);
    expect(isAlive(dead.pid)).toBe(false);
    const ann = await cluster.connect('ann');
    await ann.close();
    await cluster.restart('db_proxy_server', 0);
    const alive = cluster.node('db_proxy_server', 0);
    expect(alive.ports).toEqual(dead.ports);
    expect(alive.instance).not.toBe(dead.instance);
    await expect(cluster.restart('db_proxy_server', 0)).rejects.toThrow('still runs');
  });

  it('grows', async () => {
    const k = await cluster.add('msg_server');
    expect(k).toBe(1);
    const ben = await cluster.connect('ben', { server: k });
    expect(await cluster.metric('msg_server', k, 'logins_total', { result: 'ok' })).toBe(1);
    await ben.close();
    const bothKnown = async () => {
      const answer = await fetch(`${cluster.url('login_server')}/status`);
      const { msg_servers: known } = (await answer.json()) as { msg_servers: unknown[] };
      return known.length === 2;
    };
    await waitUntil(bothKnown, { what: 'both msg_servers known to login_server' });
  });

  it('settles although a frozen process answers nothing', async () => {
    await cluster.kill('msg_server', 1, 'SIGSTOP');
    await cluster.settle();
    await cluster.kill('msg_server', 1, 'SIGCONT');
    expect(await cluster.metric('msg_server', 1, 'appends_in_flight')).toBe(0);
  });
});

describe('a cluster inside one process', () => {
  let cluster: TestCluster;

  beforeAll(async () => {
    cluster = await TestCluster.start({
      env: { MESSAGE_RATE: '7' },
      envOf: { msg_server: { MESSAGE_BURST: '9' } },
    });
  });

  afterAll(() => cluster?.stop());

  it('cannot kill, but stop one of its services', async () => {
    await expect(cluster.kill('msg_server')).rejects.toThrow("{ mode: 'processes' }");
    await cluster.stopNode('msg_server');
    await cluster.restart('msg_server', 0);
    expect((await cluster.node('msg_server').readiness()).ready).toBe(true);
  });

  it('names what it does not have', async () => {
    expect(() => cluster.node('msfs')).toThrow('the cluster has no msfs 0');
    expect(() => cluster.port('msg_server', 0, 'http')).toThrow('msg_server has no port http');
    await expect(cluster.metric('msg_server', 0, 'nothing_total')).rejects.toThrow('there is no metric');
  });

  it('passes raw bytes on', async () => {
    const connection = await cluster.connectRaw();
    await connection.send(Buffer.from([0, 0, 0, 1]));
    await connection.closed;
    expect(await cluster.metric('msg_server', 0, 'connections_closed_total', { reason: 'framing' })).toBe(1);
  });
});

it('a cluster that cannot start leaves nothing running', async () => {
  await expect(TestCluster.start({ envOf: { msg_server: { MESSAGE_RATE: 'many' } } })).rejects.toThrow(
    'MESSAGE_RATE',
  );
});
