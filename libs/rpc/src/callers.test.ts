import type { PeerCertificate } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { Client, Metadata, type MethodDefinition, type ServiceError, status } from '@grpc/grpc-js';
import { createKit, type Kit } from '@teamtalk/service-kit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { CallerCheck, callers } from './callers.js';
import { channelCredentials } from './credentials.js';
import * as definitions from './definitions.js';
import { type CallersAllowed, RpcServer } from './server.js';

const file = (name: string) => fileURLToPath(new URL(`../fixtures/callers/${name}.pem`, import.meta.url));
const tlsOf = (name: string) => ({
  caFile: file('ca.cert'),
  certFile: file(`${name}.cert`),
  keyFile: file(`${name}.key`),
  serverName: 'db-proxy-server',
});

type AnyMethod = MethodDefinition<unknown, unknown> & { types?: unknown };
const services = Object.values(definitions) as Record<string, AnyMethod>[];
const methods = services.flatMap((service) => Object.values(service));
/** Every certificate that somebody may show. */
const names = [
  'msg-server',
  'http-msg-server',
  'push-server',
  'admin-server',
  'file-server',
  'operator',
  'db-proxy-server',
  'msfs',
  'nameless',
];

let kit: Kit;
const clients: Client[] = [];
beforeEach(() => {
  kit = createKit('db_proxy_server', { logLevel: 'silent', shutdownMs: 5_000 });
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await kit.life.stop();
});

/** A server of all methods, whose calls are answered with nothing and whose streams end at once. */
async function serve(allowed?: CallersAllowed): Promise<number> {
  const server = new RpcServer(kit);
  for (const method of methods) {
    if (method.requestStream)
      server.stream(method as never, (stream) => stream.onData(() => stream.write({})));
    else server.unary(method as never, async () => ({}));
  }
  return server.listen({ host: '127.0.0.1', port: 0 }, tlsOf('db-proxy-server'), allowed);
}

/** A connected client: a call on a connection that fails says nothing of its caller. */
async function connect(port: number, name: string): Promise<Client> {
  const client = new Client(`127.0.0.1:${port}`, channelCredentials(tlsOf(name)));
  clients.push(client);
  await new Promise<void>((resolve, reject) => {
    client.waitForReady(Date.now() + 30_000, (error) => (error ? reject(error) : resolve()));
  });
  return client;
}

/** The status of a call with an empty request. */
function call(client: Client, method: AnyMethod): Promise<status> {
  const { path, requestSerialize, responseDeserialize } = method;
  return new Promise((resolve) => {
    const deadline = { deadline: Date.now() + 30_000 };
    if (!method.requestStream) {
      client.makeUnaryRequest(
        path,
        requestSerialize,
        responseDeserialize,
        {},
        new Metadata(),
        deadline,
        (error) => resolve(error?.code ?? status.OK),
      );
      return;
    }
    const stream = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize, deadline);
    stream.on('data', () => {
      resolve(status.OK);
      stream.cancel();
    });
    stream.on('error', (error: ServiceError) => resolve(error.code));
    stream.write({});
  });
}

async function matrix(port: number): Promise<Map<string, status>> {
  const cells = new Map<string, status>();
  for (const name of names) {
    const client = await connect(port, name);
    const codes = await Promise.all(methods.map((method) => call(client, method)));
    for (const [i, { path }] of methods.entries()) cells.set(`${name} ${path}`, codes[i]!);
  }
  return cells;
}

test('a certificate opens the methods that the table has for its name, and no others', async () => {
  const cells = await matrix(await serve());
  const wrong = [...cells].filter(([cell, code]) => {
    const [name, path] = cell.split(' ') as [string, string];
    const allowed = name === 'db-proxy-server' || callers.get(name)?.has(path) === true;
    return code !== (allowed ? status.OK : status.PERMISSION_DENIED);
  });
  console.log(`gRPC callers: ${cells.size} cells, ${wrong.length} wrong`);
  expect(wrong).toEqual([]);
  expect(cells.size).toBe(names.length * methods.length);
  const refused = [...cells.values()].filter((code) => code === status.PERMISSION_DENIED).length;
  const metrics = await kit.metrics.registry.getMetricsAsJSON();
  const counted = metrics.find(({ name }) => name.endsWith('grpc_refused_total'))!.values as {
    value: number;
  }[];
  expect(counted.reduce((sum, { value }) => sum + value, 0)).toBe(refused);
}, 60_000);

test('every method has a caller, and no method but those of a service has more than it needs', () => {
  const used = new Set([...callers.values()].flatMap((paths) => [...paths]));
  expect([...used].sort()).toEqual(methods.map(({ path }) => path).sort());
});

test('a certificate that names nobody we know opens everything only where the settings say so', async () => {
  const method = definitions.accounts.listUsers as AnyMethod;
  expect(await call(await connect(await serve('any'), 'nameless'), method)).toBe(status.OK);
});

test('a quoted name in a certificate does not pass for the name it contains', () => {
  const check = new CallerCheck(kit);
  check.begin('db-proxy-server');
  const allows = (subjectaltname: string) =>
    check.allows('/any/method', {
      getAuthContext: () => ({ sslPeerCertificate: { subjectaltname } as PeerCertificate }),
    });
  expect(allows('DNS:"x, DNS:db-proxy-server, DNS:y"')).toBe(false);
  expect(allows('DNS:"\\", DNS:db-proxy-server"')).toBe(false);
  expect(allows('DNS:"x, y", DNS:db-proxy-server')).toBe(true);
});
