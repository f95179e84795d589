import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { proxyHeader, RawConnection, tlsEnv, waitUntil } from '@teamtalk/local-stack';
import { Commands, encodePdu, encodeRawPdu } from '@teamtalk/protocol';
import type { Service } from '@teamtalk/service-kit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createWebSocketStream, WebSocket } from 'ws';
import { from, metricsOf, Role, Side, TestInstallation, to } from '../testing/test-installation.js';

const heartbeat = encodePdu(Commands.OtherHeartbeat, {}, 1);

let installation: TestInstallation;
beforeAll(async () => {
  installation = await TestInstallation.start();
});
afterAll(() => installation.stop());

const urlOf = ({ ports }: Service) => `ws://127.0.0.1:${ports.ws}/`;

async function open(url: string, options: WebSocket.ClientOptions = {}): Promise<WebSocket> {
  const webSocket = new WebSocket(url, options);
  await once(webSocket, 'open');
  return webSocket;
}

function sideOver(webSocket: WebSocket, userId: number, taskId: string): Side {
  return new Side(RawConnection.over(createWebSocketStream(webSocket)), userId, taskId);
}

async function closeCodeOf(webSocket: WebSocket): Promise<number> {
  webSocket.on('error', () => {});
  return new Promise((resolve) => webSocket.once('close', resolve));
}

const reaches = (service: Service, line: string) =>
  waitUntil(async () => (await metricsOf(service)).includes(`${line}\n`), { what: line });

describe('WebSocket', () => {
  let service: Service;
  beforeAll(async () => {
    service = await installation.fileServer();
  });

  it('carries files both ways, each PDU as a binary message', async () => {
    const content = Buffer.alloc(300_000, 'file');
    const taskId = await installation.task(content.length, 'offline');
    const sender = await open(urlOf(service));
    const lengths: [length: number, claimed: number][] = [];
    sender.on('message', (data: Buffer, isBinary) => {
      expect(isBinary).toBe(true);
      lengths.push([data.length, data.readUInt32BE(0)]);
    });
    const upload = sideOver(sender, from, taskId);
    expect(await upload.logIn(Role.upload)).toBe(0);
    expect(await upload.answerPulls(content)).toBe(10);
    expect(await upload.expect(Commands.FileState)).toMatchObject({ taskId });
    expect(await closeCodeOf(sender)).toBe(1000);
    expect(lengths.length).toBe(12);
    for (const [length, claimed] of lengths) expect(claimed).toBe(length);
    const download = sideOver(await open(urlOf(service)), to, taskId);
    expect(await download.logIn(Role.download)).toBe(0);
    expect((await download.pullAll(content.length)).equals(content)).toBe(true);
    download.raw.close();
  });

  it('transfers a file between a web page and a TCP client', async () => {
    const content = Buffer.alloc(100_000, 'online');
    const taskId = await installation.task(content.length, 'online');
    const sender = await installation.enter(service, from, taskId, Role.sender);
    const receiver = sideOver(await open(urlOf(service)), to, taskId);
    expect(await receiver.logIn(Role.receiver)).toBe(0);
    await receiver.expect(Commands.FileState);
    const [received] = await Promise.all([receiver.pullAll(content.length), sender.answerPulls(content, 4)]);
    expect(received.equals(content)).toBe(true);
    sender.raw.close();
    receiver.raw.close();
  });

  it.each([
    ['a text message', 'hello', 1003],
    ['less than a PDU', heartbeat.subarray(0, 15), 1002],
    ['two PDUs', Buffer.concat([heartbeat, heartbeat]), 1002],
    ['half a PDU', heartbeat.subarray(0, 8), 1002],
    ['a PDU above the limit', encodeRawPdu(Commands.FilePullDataRsp.id, Buffer.alloc(300_000), 1), 1009],
  ])('is closed for %s', async (_, message, code) => {
    const fresh = await installation.fileServer();
    const taskId = await installation.task(10, 'online');
    const webSocket = await open(urlOf(fresh));
    const side = sideOver(webSocket, from, taskId);
    expect(await side.logIn(Role.sender)).toBe(0);
    const closed = closeCodeOf(webSocket);
    webSocket.send(message);
    expect(await closed).toBe(code);
    await reaches(fresh, 'teamtalk_file_server_connections_closed_total{reason="framing"} 1');
    await fresh.stop();
  });

  it('bounds what is buffered before the login', async () => {
    const webSocket = await open(urlOf(service));
    webSocket.send(Buffer.alloc(150_000), { fin: false });
    await closeCodeOf(webSocket);
    await reaches(service, 'teamtalk_file_server_connections_closed_total{reason="before_login"} 1');
  });

  it('closes a connection that does not log in, even if it sends heartbeats', async () => {
    const hasty = await installation.fileServer({ LOGIN_TIMEOUT_MS: '1000' });
    const webSocket = await open(urlOf(hasty));
    const closed = closeCodeOf(webSocket);
    webSocket.send(heartbeat);
    const [answer] = (await once(webSocket, 'message')) as [Buffer];
    expect(answer.equals(heartbeat)).toBe(true);
    await closed;
    await reaches(hasty, 'teamtalk_file_server_connections_closed_total{reason="timeout"} 1');
    await hasty.stop();
  });

  it('removes a connection whose client has gone, gracefully or not', async () => {
    const fresh = await installation.fileServer();
    for (const leave of ['close', 'terminate'] as const) {
      const webSocket = await open(urlOf(fresh));
      await reaches(fresh, 'teamtalk_file_server_connections 1');
      webSocket[leave]();
      await reaches(fresh, 'teamtalk_file_server_connections 0');
    }
    const metrics = await metricsOf(fresh);
    expect(metrics).toContain('connections_closed_total{reason="peer"} 1\n');
    expect(metrics).toContain('connections_closed_total{reason="lost"} 1\n');
    await fresh.stop();
  });

  it('is closed gracefully when the server stops', async () => {
    const fresh = await installation.fileServer();
    const closed = closeCodeOf(await open(urlOf(fresh)));
    await fresh.stop();
    expect(await closed).toBe(1000);
  });

  it('answers a request without an upgrade with 426', async () => {
    expect((await fetch(`http://127.0.0.1:${service.ports.ws}/`)).status).toBe(426);
    await reaches(service, 'teamtalk_file_server_websocket_upgrades_refused_total{reason="no-upgrade"} 1');
  });
});

describe('WebSocket by configuration', () => {
  it('accepts only pages of the configured origins', async () => {
    const service = await installation.fileServer({ WS_ORIGINS: 'https://chat.example.com' });
    (await open(urlOf(service), { origin: 'https://chat.example.com' })).terminate();
    for (const origin of ['https://evil.example.com', undefined]) {
      await expect(open(urlOf(service), { origin })).rejects.toThrow(/403/);
    }
    await service.stop();
  });

  it('can be switched off', async () => {
    const service = await installation.fileServer({ WS_ENABLED: 'false' });
    expect(Object.keys(service.ports).sort()).toEqual(['client', 'ops']);
    await service.stop();
  });

  it('speaks TLS while the other port stays plain for old clients', async () => {
    const service = await installation.fileServer({ ...tlsEnv, TLS_PORTS: 'ws' });
    const taskId = await installation.task(10, 'online');
    expect((await installation.enter(service, from, taskId, Role.sender)).raw.isOpen).toBe(true);
    const url = `wss://localhost:${service.ports.ws}/`;
    const secure = await open(url, { ca: readFileSync(tlsEnv.TLS_CERT_FILE) });
    expect(await sideOver(secure, to, taskId).logIn(Role.receiver)).toBe(0);
    await service.stop();
  });

  it('behind a load balancer takes the address from the PROXY header', async () => {
    const service = await installation.fileServer({ PROXY_PROTOCOL: 'v2', LOGIN_CHECK: 'address' });
    installation.sessions.set(to, ['203.0.113.7']);
    const taskId = await installation.task(10, 'online');
    for (const [address, resultCode] of [
      ['203.0.113.8', 1],
      ['203.0.113.7', 0],
    ] as const) {
      const socket = connect({ port: service.ports.ws!, host: '127.0.0.1' });
      await once(socket, 'connect');
      socket.write(proxyHeader(address));
      const webSocket = await open(urlOf(service), { createConnection: () => socket });
      expect(await sideOver(webSocket, to, taskId).logIn(Role.receiver)).toBe(resultCode);
      webSocket.terminate();
    }
    installation.sessions.set(to, ['127.0.0.1']);
    await service.stop();
  });

  it('shares its limits, in total and per address, with the other port', async () => {
    for (const [env, refused] of [
      [{ MAX_CONNECTIONS: '1' }, 'connections_refused_total'],
      [
        { MAX_CONNECTIONS_PER_ADDRESS: '1', ADDRESS_LIMIT_EXEMPT: 'none' },
        'connections_refused_by_address_total',
      ],
    ] as const) {
      const service = await installation.fileServer(env);
      const tcp = await RawConnection.open(service.ports.client!);
      await reaches(service, 'teamtalk_file_server_connections 1');
      const webSocket = new WebSocket(urlOf(service));
      await closeCodeOf(webSocket);
      await reaches(service, `teamtalk_file_server_${refused} 1`);
      tcp.close();
      await reaches(service, 'teamtalk_file_server_connections 0');
      (await open(urlOf(service))).terminate();
      await service.stop();
    }
  });
});
