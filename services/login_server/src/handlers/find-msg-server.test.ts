import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TestServer } from '../testing/test-server.js';

let server: TestServer;
beforeEach(async () => {
  server = await TestServer.start({
    MSFS_PRIOR_URL: 'http://files.example.com:8700',
    DISCOVERY_URL: 'http://d/',
  });
});
afterEach(() => server.stop());

interface Answer {
  code: number;
  priorIP: string;
}

const ask = async (from = server): Promise<Answer> => {
  const response = await fetch(`${from.http}/msg_server`);
  expect(response.status).toBe(200);
  return (await response.json()) as Answer;
};
const askUntil = (code: number) => expect.poll(async () => (await ask()).code).toBe(code);
const askMany = async (count: number) => {
  const ips: string[] = [];
  for (let i = 0; i < count; i++) ips.push((await ask()).priorIP);
  return ips;
};
const timesIn = (ips: string[], ip: string) => ips.filter((each) => each === ip).length;

describe('GET /msg_server', () => {
  it('returns the address to dial, the port as a string, the URLs of msfs with a slash', async () => {
    server.announce(1, { ip1: '192.0.2.1', ip2: '198.51.100.1', port: 8001 });
    await askUntil(0);
    const response = await fetch(`${server.http}/msg_server`);
    expect(response.headers.get('content-type')).toBe('text/html;charset=utf-8');
    expect(await response.text()).toBe(
      '{"code":0,"msg":"","priorIP":"192.0.2.1","backupIP":"198.51.100.1",' +
        '"msfsPrior":"http://files.example.com:8700/","msfsBackup":"http://files.example.com:8700/",' +
        '"discovery":"http://d/","port":"8001"}',
    );
  });

  it('has every field even without a msg_server', async () => {
    const response = await fetch(`${server.http}/msg_server`);
    expect(await response.json()).toEqual({
      code: 1,
      msg: '没有msg_server',
      priorIP: '',
      backupIP: '',
      msfsPrior: 'http://files.example.com:8700/',
      msfsBackup: 'http://files.example.com:8700/',
      discovery: 'http://d/',
      port: '0',
    });
  });

  it('adds baseUrl when it is configured', async () => {
    const other = await TestServer.start({ BASE_URL: 'http://base.example.com' });
    try {
      expect(await ask(other)).toMatchObject({ code: 1, baseUrl: 'http://base.example.com' });
    } finally {
      await other.stop();
    }
  });

  it('repeats the first address as backup when there is no second one', async () => {
    server.announce(1, { ip1: '192.0.2.1', ip2: '' });
    await askUntil(0);
    expect(await ask()).toMatchObject({ priorIP: '192.0.2.1', backupIP: '192.0.2.1' });
  });

  it('returns 2 when all are full', async () => {
    server.announce(1, { connections: 100, maxConnections: 100 });
    await askUntil(2);
    expect(await ask()).toMatchObject({ code: 2, msg: '负载过高', priorIP: '', backupIP: '', port: '0' });
  });

  it('picks the one with the fewest connections, counting those assigned since the heartbeat', async () => {
    server.announce(2, { connections: 10 });
    await askUntil(0);
    server.announce(2, { connections: 10 });
    server.announce(1, { connections: 4 });
    await expect.poll(() => server.metrics()).toContain('login_server_msg_servers 2\n');
    const ips = await askMany(25);
    const first = timesIn(ips, '10.0.0.1');
    expect(first + timesIn(ips, '10.0.0.2')).toBe(25);
    expect(first).toBeGreaterThanOrEqual(14);
    expect(first).toBeLessThanOrEqual(16);
  });

  it('never assigns more than the maximum between two heartbeats', async () => {
    server.announce(1, { connections: 95, maxConnections: 100 });
    await askUntil(0);
    await askMany(4);
    expect((await ask()).code).toBe(2);
    server.announce(1, { connections: 50, maxConnections: 100 });
    await askUntil(0);
  });

  it('never returns a draining one, and returns 1 when there is no other', async () => {
    server.announce(1, { draining: true });
    server.announce(2, { connections: 50 });
    await askUntil(0);
    expect(new Set(await askMany(10))).toEqual(new Set(['10.0.0.2']));
    server.announce(2, { draining: true });
    await askUntil(1);
  });

  it('forgets one that stops', async () => {
    server.announce(1, {});
    await askUntil(0);
    server.announce(1, { stopping: true });
    await askUntil(1);
  });

  it('counts its responses', async () => {
    await ask();
    expect(await server.metrics()).toContain('msg_server_answers_total{asked="http",result="none"} 1');
  });
});
