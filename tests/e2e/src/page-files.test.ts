import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { TestCluster } from '@teamtalk/cluster';
import { waitUntil } from '@teamtalk/local-stack';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await TestCluster.start({
    mode: 'processes',
    web_server: 1,
    admin_server: 1,
    envOf: { web_server: { WEB_SOCKET_URLS: 'ws://127.0.0.1:1/' } },
  });
}, 120_000);
afterAll(() => cluster.stop());

const request = (path: string) => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`;

describe.each(['web_server', 'admin_server'] as const)('the page files of %s', (service) => {
  const descriptors = () => readdirSync(`/proc/${cluster.node(service).pid}/fd`).length;
  const status = async () =>
    (await fetch(cluster.url(service), { headers: { connection: 'close' } }).catch(() => undefined))?.status;

  async function open(): Promise<Socket> {
    const socket = connect(cluster.port(service, 0, 'http'), '127.0.0.1');
    socket.on('error', () => {});
    await new Promise((resolve) => socket.once('connect', resolve));
    return socket;
  }

  it('are closed when clients reset their connections', async () => {
    const page = await (await fetch(cluster.url(service), { headers: { connection: 'close' } })).text();
    // More than what a response takes before its turn on the connection has come.
    const [, script = ''] = /src="(\/assets\/[^"]+\.js)"/.exec(page) ?? [];
    expect(script).not.toBe('');
    const before = descriptors();
    for (let i = 0; i < 100; i++) {
      const socket = await open();
      socket.write(request(script).repeat(3));
      await new Promise((resolve) => socket.once('data', resolve));
      socket.resetAndDestroy();
    }
    // Each connection would leave two files; the service's own connections may have changed meanwhile.
    await waitUntil(() => descriptors() <= before + 10, { what: 'all files and connections are closed' });
  });

  it('end nothing when the process has too many files open', async () => {
    const limit = descriptors() + 4;
    const { pid } = cluster.node(service);
    execFileSync('prlimit', ['--pid', String(pid), `--nofile=${limit}`]);
    const sockets: Socket[] = [];
    for (let i = 0; i < 20; i++) sockets.push(await open());
    await waitUntil(() => descriptors() >= limit, { what: 'its files are used up' });
    let answered = '';
    for (const socket of sockets) {
      socket.on('data', (chunk) => (answered += chunk.toString('latin1')));
      socket.write(request('/').repeat(3));
    }
    await waitUntil(() => answered.includes('HTTP/1.1 503 '), { what: 'a file that cannot be opened' });
    for (const socket of sockets) socket.destroy();
    await waitUntil(async () => (await status()) === 200, { what: 'the page is served again' });
    expect(cluster.crashed()).toEqual([]);
  });
});
