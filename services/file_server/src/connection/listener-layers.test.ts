import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { proxyHeader, proxyLine, RawConnection, tlsEnv } from '@teamtalk/local-stack';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { from, metricsOf, Role, Side, TestInstallation, to } from '../testing/test-installation.js';

let installation: TestInstallation;
beforeAll(async () => {
  installation = await TestInstallation.start();
});
afterAll(() => installation.stop());

it('with a certificate clients connect by TLS, and plain connections are closed', async () => {
  const service = await installation.fileServer(tlsEnv);
  const content = Buffer.alloc(100_000, 'x');
  const taskId = await installation.task(content.length, 'offline');
  const socket = connectTls({
    port: service.ports.client!,
    host: '127.0.0.1',
    ca: readFileSync(tlsEnv.TLS_CERT_FILE),
    servername: 'localhost',
  });
  await once(socket, 'secureConnect');
  const side = new Side(RawConnection.over(socket), from, taskId);
  expect(await side.logIn(Role.upload)).toBe(0);
  expect(await side.answerPulls(content)).toBe(4);
  expect(installation.db.tasks.get(taskId)).toMatchObject({ complete: true });
  const plain = await installation.side(service, to, taskId);
  await expect(plain.logIn(Role.download)).rejects.toThrow('closed');
  expect(await metricsOf(service)).toContain('tls_handshakes_failed_total 1\n');
  await service.stop();
});

it.each([
  ['v1', proxyLine],
  ['v2', proxyHeader],
] as const)(
  'behind a load balancer the address comes from the PROXY header (%s)',
  async (version, header) => {
    const service = await installation.fileServer({ PROXY_PROTOCOL: version, LOGIN_CHECK: 'address' });
    installation.sessions.set(to, ['203.0.113.7']);
    const taskId = await installation.task(10, 'online');
    for (const [address, resultCode] of [
      ['203.0.113.8', 1],
      ['203.0.113.7', 0],
    ] as const) {
      const socket = connect({ port: service.ports.client!, host: '127.0.0.1' });
      await once(socket, 'connect');
      socket.write(header(address));
      const side = new Side(RawConnection.over(socket), to, taskId);
      expect(await side.logIn(Role.receiver)).toBe(resultCode);
      side.raw.close();
    }
    installation.sessions.set(to, ['127.0.0.1']);
    await service.stop();
  },
);
