import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import type { Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { connect as connectTls } from 'node:tls';
import { callByTls, certificateFiles, waitUntil } from '@teamtalk/local-stack';
import { closeServer, listen } from '@teamtalk/service-kit';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { CertificateFiles } from './certificate.js';
import { createHttpServer } from './http-server.js';
import { log } from './testing/test-port.js';

let folder: string;
let certificate: CertificateFiles;
let server: Server;
let failures: number;
const files = () => ({ certFile: path.join(folder, 'cert.pem'), keyFile: path.join(folder, 'key.pem') });

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'teamtalk-https-'));
  failures = 0;
  await install('first');
  const metrics = { certificateReloads: { inc: () => {} }, handshakesFailed: { inc: () => failures++ } };
  certificate = await CertificateFiles.open({ ...files(), reloadMs: 20, metrics, log });
  server = createHttpServer({ certificate, metrics }, { headersTimeout: 1_000 }, (_request, response) => {
    response.end('hello');
  });
  await listen(server, { host: '127.0.0.1', port: 0 });
});
afterEach(async () => {
  await certificate.stop();
  server.closeAllConnections();
  await closeServer(server);
  await rm(folder, { recursive: true });
});

async function install(name: 'first' | 'second'): Promise<void> {
  await copyFile(certificateFiles(name).certFile, files().certFile);
  await copyFile(certificateFiles(name).keyFile, files().keyFile);
}

const port = () => (server.address() as AddressInfo).port;

/** The common name in the certificate presented to a new connection. */
async function nameNow(): Promise<unknown> {
  const ca = (['first', 'second'] as const).map((name) => readFileSync(certificateFiles(name).certFile));
  const socket = connectTls({ port: port(), host: '127.0.0.1', ca, servername: 'localhost' });
  await once(socket, 'secureConnect');
  const { CN } = socket.getPeerCertificate().subject;
  socket.destroy();
  return CN;
}

it('serves HTTPS, and uses a renewed certificate for new connections', async () => {
  expect(await callByTls(port(), '/')).toEqual({ status: 200, text: 'hello' });
  await install('second');
  await waitUntil(async () => (await nameNow()) === 'second.test', { what: 'the new certificate' });
});

it('closes and counts a connection that does not speak TLS, without a response', async () => {
  const socket = connect({ port: port(), host: '127.0.0.1' });
  let received = '';
  socket.on('data', (chunk) => {
    received += chunk.toString('latin1');
  });
  socket.on('error', () => {});
  socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  await new Promise((resolve) => socket.once('close', resolve));
  expect(failures).toBe(1);
  expect(received).not.toContain('HTTP/1.1');
});
